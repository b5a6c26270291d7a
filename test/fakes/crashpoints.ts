/** Every `crashpoint("…")` in the source, so that a runner cannot forget one. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface NamedPoint {
  readonly name: string;
  /** Path from the project's root. */
  readonly file: string;
}

export function crashpoints(): NamedPoint[] {
  const found = new Map<string, NamedPoint>();
  for (const file of globSync("{adapters,workers}/**/*.ts", { cwd: ROOT }).sort()) {
    const source = readFileSync(`${ROOT}/${file}`, "utf8").replace(/^\s*(\*|\/\/|\/\*).*$/gm, "");
    for (const [, name = ""] of source.matchAll(/crashpoint\("([a-z-]+)"\)/g)) {
      const known = found.get(name);
      if (known !== undefined && known.file !== file) throw new Error(`${name} is in ${known.file} and in ${file}`);
      found.set(name, { name, file });
    }
  }
  return [...found.values()];
}
