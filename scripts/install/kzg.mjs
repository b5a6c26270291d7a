import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, loads, resolve, run } from "./run.mjs";

const TOOLS = [
  ["a C++ compiler (g++ or clang++)", ["g++", "clang++", "c++"]],
  ["make", ["make", "gmake"]],
  ["Python 3", ["python3", "python"]],
];

/**
 * c-kzg ships sources only. Its own install script would fetch headers of whichever Node runs npm; ours uses the headers
 * that came with the pinned Node, so nothing is downloaded and the binding fits the Node that will load it.
 */
export function buildKzg() {
  if (loads("c-kzg")) return;
  const missing = TOOLS.filter(([, names]) => !names.some(runs)).map(([tool]) => tool);
  if (missing.length > 0)
    fail(`c-kzg is C++ and is compiled here: please install ${missing.join(" and ")}, then repeat.`);

  const gyp = join(dirname(resolve("node-gyp/package.json")), "bin", "node-gyp.js");
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, "include", "node", "node_api.h")) ? [`--nodedir=${prefix}`] : [];
  const result = run([gyp, "rebuild", "--jobs=max", ...headers], dirname(resolve("c-kzg/package.json")));
  if (!loads("c-kzg")) fail("Compiling c-kzg failed:", `${result.stdout}\n${result.stderr}`);
}

function runs(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}
