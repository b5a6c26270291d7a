import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for a test, and its removal. */
export const tempDir = (name: string): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), `zg-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
