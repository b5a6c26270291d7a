/**
 * The model of mining: what miners earn and how the difficulty follows, by the rules of the code. Writes
 * docs/mining/results.json, the plots beside it and the tables of docs/mining.md; a minute of CPU.
 *
 *   node scripts/model.ts            makes everything
 *   node scripts/model.ts --drawn    makes plots and tables from the results that are there
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withSection } from "./docs/sections.ts";
import { PLOTS, TABLES } from "./model/document.ts";
import { PARTS, type Results, rendered } from "./model/results.ts";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));

function modelled(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(PARTS).map(([name, make]) => {
      const started = performance.now();
      const part: unknown = make();
      console.log(`  ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
      return [name, part];
    }),
  );
}

if (!process.argv.includes("--drawn")) writeFileSync(`${DOCS}mining/results.json`, `${rendered(modelled())}\n`);
const results = JSON.parse(readFileSync(`${DOCS}mining/results.json`, "utf8")) as Results;
for (const [name, draw] of Object.entries(PLOTS)) writeFileSync(`${DOCS}mining/${name}`, draw(results));
let text = readFileSync(`${DOCS}mining.md`, "utf8");
for (const [name, table] of Object.entries(TABLES)) text = withSection(text, name, table(results));
writeFileSync(`${DOCS}mining.md`, text);
