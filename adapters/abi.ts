/** ABIs and bytecode as the compiler wrote them: `hardhat build` first, no copies in the source. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Interface } from "ethers";
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "artifacts", "contracts");

const artifactSchema = z.object({
  contractName: z.string(),
  abi: z.array(z.record(z.string(), z.unknown())),
  bytecode: z.string(),
});
export type Artifact = z.infer<typeof artifactSchema>;

const interfaces = new Map<string, Interface>();
let paths: ReadonlyMap<string, string> | undefined;

/** Contract name → artifact file. Names are unique in contracts/. */
const artifactPaths = (): ReadonlyMap<string, string> => {
  if (paths !== undefined) return paths;
  const found = new Map<string, string>();
  for (const entry of readdirSync(ROOT, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".json") || !entry.parentPath.endsWith(".sol")) continue;
    found.set(basename(entry.name, ".json"), join(entry.parentPath, entry.name));
  }
  paths = found;
  return found;
};

export const artifactOf = (name: string): Artifact => {
  let path: string | undefined;
  try {
    path = artifactPaths().get(name);
  } catch (error) {
    throw new ZgError("BadConfig", { what: "no artifacts: run `npx hardhat build`", name }, { cause: error });
  }
  if (path === undefined) throw new ZgError("BadConfig", { what: "no artifact: run `npx hardhat build`", name });
  return artifactSchema.parse(JSON.parse(readFileSync(path, "utf8")));
};

export const abiOf = (name: string): Interface => {
  let abi = interfaces.get(name);
  if (abi === undefined) {
    abi = new Interface(artifactOf(name).abi);
    interfaces.set(name, abi);
  }
  return abi;
};
