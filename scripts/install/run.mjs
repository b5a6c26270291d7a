import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);

/** Whether `name` can be loaded, native binding included. A child tries, so that a failed load leaves nothing behind here. */
export function loads(name, from = ROOT) {
  const script = `require(require.resolve(${JSON.stringify(name)}, {paths: [${JSON.stringify(from)}]}))`;
  return spawnSync(process.execPath, ["-e", script], { cwd: ROOT, stdio: "ignore" }).status === 0;
}

export function resolve(name, from = ROOT) {
  return require.resolve(name, { paths: [from] });
}

export function run(args, cwd = ROOT) {
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
}

/** Prints one sentence, with the tool's own words below it, and stops the installation. */
export function fail(sentence, output = "") {
  console.error(`\n${sentence}\n${output.trimEnd().split("\n").slice(-40).join("\n")}`);
  process.exit(1);
}
