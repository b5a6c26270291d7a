/**
 * `npm test`, in the order in which a failure is cheapest to see. `--full` adds test/full and tells long tests to take
 * their long form (TEST_FULL=1). The last line is the sum: "N passed, N failed, N skipped".
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
}
interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const full = process.argv.includes("--full");
const NO_TESTS: Count = { passed: 0, failed: 0, skipped: 0 };

/** One Mocha process per stage: end-to-end networks never share a process, or the two cores, with unit tests. */
function mocha(name: string, pattern: string, options: readonly string[] = []): Stage[] {
  const files = globSync(pattern, { cwd: ROOT }).sort();
  return files.length === 0 ? [] : [{ name, command: ["mocha", ...options, ...files] }];
}

const stages: Stage[] = [
  { name: "contracts", command: ["hardhat", "test", "solidity"] },
  { name: "proofs", command: ["node", "scripts/prove.ts"] },
  { name: "snapshots", command: ["node", "scripts/snapshots.ts"] },
  ...mocha("parts", "test/{protocol,adapters,workers,devnet,tasks}/**/*.test.ts", ["--parallel", "--jobs", "2"]),
  ...mocha("end to end", "test/e2e/**/*.test.ts", ["--timeout", "120000"]),
  ...(full ? mocha("full", "test/full/**/*.test.ts", ["--timeout", "600000"]) : []),
];

/** Mocha and Hardhat both close with "N passing", "N failing", "N pending" or "N skipped". */
function countOf(output: string): Count {
  const number = (word: string): number => Number(new RegExp(`^\\s+(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
  return { passed: number("passing"), failed: number("failing"), skipped: number("pending") + number("skipped") };
}

function run({ name, command }: Stage): Promise<Count> {
  console.log(`\n── ${name}: ${command.slice(0, 3).join(" ")}`);
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(command[0] ?? "", command.slice(1), {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      env: { FORCE_COLOR: process.stdout.isTTY ? "1" : "0", ...process.env, ...(full && { TEST_FULL: "1" }) },
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stdout.write(text);
      output += text;
    });
    child.on("close", (code) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is being removed
      const count = countOf(output.replace(/\x1b\[[0-9;]*m/g, ""));
      // A runner that dies before it counts must not look like a run without failures.
      if (code !== 0 && count.failed === 0) count.failed = 1;
      console.log(`── ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
      resolve(count);
    });
  });
}

const total = { ...NO_TESTS };
for (const stage of stages) {
  const count = await run(stage);
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += count[key];
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
