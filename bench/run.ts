import { spawnSync } from "node:child_process";

// Each claim in a process of its own, so that none warms up or fills the memory of another.
// Only by its name: mineMemory, which takes ten minutes.
const all = [
  ...["keccak", "combine", "decode", "encode", "blob", "body", "serve", "merkle", "transfer", "restart"],
  ...["seal", "mine"],
];
const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : all) {
  const file = new URL(`./${name}.ts`, import.meta.url).pathname;
  const { status } = spawnSync(process.execPath, [file], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
