import { readFileSync } from "node:fs";
import hre from "hardhat";

export type Parameters = Readonly<Record<string, bigint>>;

/** The file of the network that `--network` names; any other chain is taken for a devnet. */
export function parametersOf(network = hre.globalOptions.network ?? "devnet"): Parameters {
  return read(network) ?? (read("devnet") as Parameters);
}

function read(network: string): Parameters | null {
  const path = new URL(`${network}.json`, import.meta.url);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  // Ignition's own form, so that a file can also be given to `ignition deploy --parameters`: integers as "123n".
  const { System } = JSON.parse(text) as { System: Record<string, string> };
  return Object.fromEntries(Object.entries(System).map(([name, value]) => [name, BigInt(value.replace(/n$/, ""))]));
}
