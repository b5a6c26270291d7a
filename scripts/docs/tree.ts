/** The annotated tree of the README: kept by hand in its notes, by this program in its names. */

export interface Entry {
  /** Path from the root; folders end with "/". */
  readonly path: string;
  readonly note: string;
}

const INDENT = 2;
const COLUMN = 30;

/** "  name/      what it is" → entries with full paths. */
export function parseTree(text: string): Entry[] {
  const parents: string[] = [];
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("```"))
    .map((line) => {
      const [, indent = "", name = "", note = ""] = /^( *)(\S+)(?: +(.*))?$/.exec(line) ?? [];
      const depth = indent.length / INDENT;
      parents.length = depth;
      const path = parents.join("") + name;
      if (name.endsWith("/")) parents[depth] = name;
      return { path, note };
    });
}

export function drawTree(entries: readonly Entry[]): string {
  const lines = entries.map(({ path, note }) => {
    const depth = path.replace(/\/$/, "").split("/").length - 1;
    const name = path.replace(/\/$/, "").split("/").at(-1) + (path.endsWith("/") ? "/" : "");
    return `${(" ".repeat(depth * INDENT) + name).padEnd(COLUMN)} ${note}`.trimEnd();
  });
  return `\`\`\`\n${lines.join("\n")}\n\`\`\`\n`;
}

/** What stands directly in a folder ("" = the root), folders first; from the list of tracked files. */
export function childrenOf(folder: string, files: readonly string[]): string[] {
  const names = new Set<string>();
  for (const file of files) {
    if (!file.startsWith(folder)) continue;
    const [first = "", ...rest] = file.slice(folder.length).split("/");
    // What a plain listing hides is settings; .ci is the exception that a newcomer looks for.
    if (first.startsWith(".") && first !== ".ci") continue;
    names.add(folder + first + (rest.length > 0 ? "/" : ""));
  }
  const isFile = (path: string) => (path.endsWith("/") ? 0 : 1);
  return [...names].sort((a, b) => isFile(a) - isFile(b) || (a < b ? -1 : 1));
}

/**
 * The tree as the files are: a folder that the old tree opened is listed in full, any other is one line. Notes are kept;
 * a new name has the note that `noteOf` finds.
 */
export function updateTree(old: readonly Entry[], files: readonly string[], noteOf: (path: string) => string): Entry[] {
  const notes = new Map(old.map(({ path, note }) => [path, note]));
  const opened = (folder: string) => old.some(({ path }) => path !== folder && path.startsWith(folder));
  const list = (folder: string): Entry[] =>
    childrenOf(folder, files).flatMap((path) => [
      { path, note: notes.get(path) || noteOf(path) },
      ...(path.endsWith("/") && opened(path) ? list(path) : []),
    ]);
  return list("");
}
