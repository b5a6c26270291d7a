/**
 * Writes the parts of README.md and docs/ that are made from the source; `--check` only says which are out of date.
 * The notes in the README's tree are written by hand and kept.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sectionOf, withSection } from "./docs/sections.ts";
import { contractErrorTable, errorTable, routeDetails, routeTable } from "./docs/tables.ts";
import { threatTable } from "./docs/threats.ts";
import { drawTree, parseTree, updateTree } from "./docs/tree.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Files that git has or would take. */
function listFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  return output
    .toString()
    .split("\n")
    .filter((path) => path !== "" && !isGone(path));
}

function isGone(path: string): boolean {
  try {
    readFileSync(`${ROOT}/${path}`);
    return false;
  } catch {
    return true;
  }
}

/** First sentence of a file's leading comment, the beginning of a note. */
function noteOf(path: string): string {
  if (!path.endsWith(".ts")) return "";
  const [, comment = ""] = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(`${ROOT}/${path}`, "utf8")) ?? [];
  const text = comment
    .replace(/^\s*\*/gm, " ")
    .replace(/\s+/g, " ")
    .trim();
  const [sentence = ""] = /^[^.:;]*/.exec(text) ?? [];
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

const files = listFiles();
const solidity = files.filter((path) => /^contracts\/(?!mocks).*\.sol$/.test(path));
const generated: [document: string, section: string, render: (old: string) => string][] = [
  ["README.md", "tree", (old) => drawTree(updateTree(parseTree(old), files, noteOf))],
  ["README.md", "route", routeTable],
  ["docs/route.md", "edges", routeDetails],
  ["docs/threats.md", "threats", threatTable(files, ROOT)],
  ["docs/errors.md", "codes", errorTable],
  ["docs/errors.md", "contracts", () => contractErrorTable(solidity, ROOT)],
];

const check = process.argv.includes("--check");
const wrong: string[] = [];
for (const [document, section, render] of generated) {
  const text = readFileSync(`${ROOT}/${document}`, "utf8");
  const old = sectionOf(text, section);
  const now = render(old);
  if (now === old) continue;
  wrong.push(`${document}: ${section}`);
  if (!check) writeFileSync(`${ROOT}/${document}`, withSection(text, section, now));
}
for (const line of wrong) console.log(`${check ? "out of date" : "written"}  ${line}`);
if (check && wrong.length > 0) {
  console.log("Run `npm run docs`.");
  process.exitCode = 1;
}
