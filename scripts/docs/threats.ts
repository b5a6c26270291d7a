import { readFileSync } from "node:fs";
import { markdownTable } from "./sections.ts";

const HEAD = ["", "attack", "what must hold", "tested in"];
const MOST = 4;

/** A row of the table and the tests that carry its name. */
export interface Threat {
  readonly name: string;
  readonly attack: string;
  readonly holds: string;
  readonly tests: readonly string[];
}

/** The rows as they stand, written by hand but for their last column. */
export function parseThreats(table: string): Omit<Threat, "tests">[] {
  return table
    .split("\n")
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")))
    .filter(([, name = ""]) => /^[AF]\d+$/.test(name))
    .map(([, name = "", attack = "", holds = ""]) => ({ name, attack, holds }));
}

/** Files of tests in which the row's name stands as a word of its own: "(A21)", "A46: …", and not "%A4%". */
export function testsOf(name: string, files: readonly string[], read: (path: string) => string): string[] {
  const word = new RegExp(`(?<![0-9A-Za-z%])${name}(?![0-9A-Za-z])`);
  return files.filter((path) => /^test\/.*\.(ts|sol)$/.test(path) && word.test(read(path)));
}

/** The table with its last column as the tests are now. */
export function threatTable(files: readonly string[], root: string): (old: string) => string {
  const texts = new Map<string, string>();
  const read = (path: string): string => {
    const text = texts.get(path) ?? readFileSync(`${root}/${path}`, "utf8");
    texts.set(path, text);
    return text;
  };
  return (old) =>
    markdownTable(
      HEAD,
      parseThreats(old).map(({ name, attack, holds }) => [name, attack, holds, listed(testsOf(name, files, read))]),
    );
}

function listed(tests: readonly string[]): string {
  const named = tests.slice(0, MOST).map((path) => `\`${path}\``);
  return [...named, ...(tests.length > MOST ? [`and ${tests.length - MOST} more`] : [])].join(", ");
}
