import { readFileSync } from "node:fs";
import { join } from "node:path";
import hre from "hardhat";

/** Creation code of a contract of contracts/da, as the last build wrote it. Build first: Ignition and the devnet do. */
export function creationCodeOf(name: string): string {
  const path = join(hre.config.paths.artifacts, "contracts", "da", `${name}.sol`, `${name}.json`);
  const { bytecode } = JSON.parse(readFileSync(path, "utf8")) as { bytecode: string };
  return bytecode;
}
