/**
 * The committed numbers: gas and code size, in snapshots/*.json.
 *
 *   node scripts/snapshots.ts            measures and compares: any difference is an error
 *   node scripts/snapshots.ts --update   measures and rewrites
 *
 * Each line is given by a Solidity test under test/contracts/snapshots (`gasLine`, `sizeLine` in base/Test.sol), which
 * also holds it against its limit. Hardhat's own `--snapshot` is not used because it pins the gas of every other test too.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import hre from "hardhat";

type Lines = Record<string, number>;
interface SuiteResult {
  readonly testResults: readonly {
    readonly valueSnapshotGroups?: readonly {
      readonly name: string;
      readonly entries: readonly { readonly name: string; readonly value: string }[];
    }[];
  }[];
}

const FOLDER = fileURLToPath(new URL("../snapshots/", import.meta.url));
const TESTS = "test/contracts/snapshots";

async function measure(): Promise<Map<string, Lines>> {
  const names = (await readdir(fileURLToPath(new URL(`../${TESTS}`, import.meta.url)))).sort();
  const testFiles = names.filter((name) => name.endsWith(".t.sol")).map((name) => `${TESTS}/${name}`);
  const result = await hre.tasks.getTask(["test", "solidity"]).run({ testFiles, noCompile: false });
  if (!result.success) process.exit(1);

  const groups = new Map<string, Lines>();
  for (const suite of result.value.suiteResults as SuiteResult[]) {
    for (const group of suite.testResults.flatMap((test) => test.valueSnapshotGroups ?? [])) {
      const lines = groups.get(group.name) ?? {};
      groups.set(group.name, lines);
      for (const { name, value } of group.entries) {
        if (name in lines) throw new Error(`${group.name}: two tests write the line "${name}"`);
        lines[name] = Number(value);
      }
    }
  }
  return groups;
}

async function committed(group: string): Promise<Lines> {
  try {
    return JSON.parse(await readFile(`${FOLDER}${group}.json`, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** One sentence for each line that is new, gone or different. */
function differences(group: string, before: Lines, after: Lines): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${group}: ${name}: ${before[name] ?? "(not committed)"} → ${after[name] ?? "(not measured)"}`);
}

const update = process.argv.includes("--update");
const changes: string[] = [];
for (const [group, lines] of await measure()) {
  changes.push(...differences(group, await committed(group), lines));
  if (!update) continue;
  const sorted = Object.fromEntries(Object.entries(lines).sort(([a], [b]) => (a < b ? -1 : 1)));
  await mkdir(FOLDER, { recursive: true });
  await writeFile(`${FOLDER}${group}.json`, `${JSON.stringify(sorted, null, 2)}\n`);
}
for (const change of changes) console.log(change);
console.log(changes.length === 0 ? "snapshots: as committed" : `snapshots: ${changes.length} lines differ`);
if (changes.length > 0 && !update) {
  console.log("If that is meant: npm run snapshots, and commit the result with its reason.");
  process.exitCode = 1;
}
