/** A folder as one file: which paths it has, and the file of the log that each one is. */
import { ZgError } from "./errors.ts";
import { equalBytes, type Hex } from "./hex.ts";

export interface ManifestFile {
  /** Relative, its parts joined by "/". */
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  /** null for an empty file, which the log does not take. */
  readonly root: Hex | null;
}

export const MANIFEST_FORMAT = "zerog-folder/1";
export const MAX_MANIFEST_BYTES = 1 << 26;
export const MAX_MANIFEST_FILES = 100_000;
const MAX_PATH_BYTES = 4_096;
const MAX_NAME_BYTES = 255;

const HEAD = `{"format":${JSON.stringify(MANIFEST_FORMAT)},"files":[`;
const utf8 = new TextEncoder();

/**
 * One folder has one manifest: entries by the bytes of their paths, no spaces, one line.
 *
 * @throws BadManifest for paths that could not be restored
 */
export function encodeManifest(files: readonly ManifestFile[]): Uint8Array {
  const sorted = [...files].sort((a, b) => Buffer.compare(utf8.encode(a.path), utf8.encode(b.path)));
  checkFiles(sorted);
  const lines = sorted.map(({ path, length, root }) => JSON.stringify({ path, length, root }));
  const bytes = utf8.encode(`${HEAD}${lines.join(",")}]}\n`);
  if (bytes.length > MAX_MANIFEST_BYTES) throw bad({ why: "too long", bytes: bytes.length, limit: MAX_MANIFEST_BYTES });
  return bytes;
}

/** Do a file's first bytes say that it is a manifest? */
export function isManifest(start: Uint8Array): boolean {
  return equalBytes(start.subarray(0, HEAD.length), utf8.encode(HEAD));
}

/** Whatever could lead out of the folder, or is written in another way than `encodeManifest` does, is refused. */
export function decodeManifest(bytes: Uint8Array): readonly ManifestFile[] {
  if (bytes.length > MAX_MANIFEST_BYTES) throw bad({ why: "too long", bytes: bytes.length, limit: MAX_MANIFEST_BYTES });
  if (!isManifest(bytes)) throw bad({ why: "not a manifest" });
  const files = parsed(bytes);
  if (!equalBytes(encodeManifest(files), bytes)) throw bad({ why: "written in another way" });
  return files;
}

function parsed(bytes: Uint8Array): ManifestFile[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw bad({ why: "not JSON" });
  }
  const files = (value as { files?: unknown }).files;
  if (!Array.isArray(files)) throw bad({ why: "no list of files" });
  return files.map((file: unknown, index) => {
    if (!isManifestFile(file)) throw bad({ why: "not a file", index });
    return file;
  });
}

function isManifestFile(value: unknown): value is ManifestFile {
  if (typeof value !== "object" || value === null) return false;
  const { path, length, root } = value as Record<string, unknown>;
  if (typeof path !== "string" || typeof length !== "number") return false;
  return root === null || (typeof root === "string" && /^0x[0-9a-f]{64}$/.test(root));
}

function checkFiles(files: readonly ManifestFile[]): void {
  if (files.length > MAX_MANIFEST_FILES) throw bad({ why: "too many files", limit: MAX_MANIFEST_FILES });
  const paths = new Set<string>();
  for (const { path, length, root } of files) {
    checkPath(path);
    if (paths.has(path)) throw bad({ why: "a path twice", path });
    if (!Number.isSafeInteger(length) || length < 0) throw bad({ why: "length", path, length });
    if ((length === 0) !== (root === null)) throw bad({ why: "a root is of what is not empty", path, length });
    paths.add(path);
  }
  for (const path of paths) {
    const folder = [...parentsOf(path)].find((parent) => paths.has(parent));
    if (folder !== undefined) throw bad({ why: "both a file and a folder", path: folder });
  }
}

function* parentsOf(path: string): Generator<string> {
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) yield path.slice(0, at);
}

/** Names that mean the same on every system: nothing absolute, nothing that goes up, no other separators. */
function checkPath(path: string): void {
  const refuse = (why: string): ZgError => bad({ why, path: path.slice(0, 200) });
  if (utf8.encode(path).length > MAX_PATH_BYTES) throw refuse("a path too long");
  if (!path.isWellFormed()) throw refuse("a path that is not text");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (/[\x00-\x1f\x7f\\]/.test(path)) throw refuse("a backslash or control character in a path");
  for (const name of path.split("/")) {
    if (name === "" || name === "." || name === "..") throw refuse("a path that leads elsewhere");
    if (utf8.encode(name).length > MAX_NAME_BYTES) throw refuse("a name too long");
  }
  if (/^[a-zA-Z]:/.test(path)) throw refuse("a path with a drive");
}

function bad(fields: ZgError["fields"]): ZgError {
  return new ZgError("BadManifest", fields);
}
