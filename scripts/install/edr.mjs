import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, loads, ROOT, resolve, run } from "./run.mjs";

const EDR = "@nomicfoundation/edr";

/**
 * Hardhat's EVM is a native binding in an optional platform package. npm leaves such a package out without a word when it
 * thinks that the Node running npm is too old; the pinned Node is not, so ask again from here.
 */
export function repairEdr() {
  const hardhat = dirname(resolve("hardhat/package.json"));
  if (loads(EDR, hardhat)) return;
  const manifest = JSON.parse(readFileSync(join(ROOT, "node_modules", EDR, "package.json"), "utf8"));
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const suffix = process.platform === "linux" ? (glibc ? "-gnu" : "-musl") : "";
  const wanted = Object.entries(manifest.optionalDependencies)
    .filter(([name]) => name === `${EDR}-${process.platform}-${process.arch}${suffix}`)
    .map(([name, version]) => `${name}@${version}`);
  const npm = process.env.npm_execpath;
  if (!npm || wanted.length === 0) fail(`No binding of ${EDR} for ${process.platform}-${process.arch}.`);
  const result = run([npm, "install", "--no-save", "--ignore-scripts", ...wanted]);
  if (!loads(EDR, hardhat)) fail(`${EDR} has no binding for this machine, and installing one failed.`, result.stderr);
}
