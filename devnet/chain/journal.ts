import { type FileHandle, open, readFile, truncate } from "node:fs/promises";

/** What a chain is made from: two chains of one genesis, given the same requests, have the same block hashes. */
export interface Genesis {
  readonly chainId: number;
  /** Unix time of block 0, seconds. */
  readonly time: number;
  readonly engine: string;
}

/** One state-changing request, in the order in which the chain took it. */
export interface Entry {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Unix time of the first block it made, seconds; absent if it made none. */
  readonly time?: number;
  /** Head after it. */
  readonly number: number;
  readonly hash: string;
}

export interface Journal {
  readonly genesis: Genesis;
  /** What an earlier run left. */
  readonly entries: readonly Entry[];
  /** Durable when it resolves: the chain answers a request only after that. */
  append(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

/** Opens the journal, or begins one with `genesis`. The line that a killed process left half-written is cut off. */
export async function openJournal(path: string, genesis: Genesis): Promise<Journal> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  if (whole.length < bytes.length) await truncate(path, whole.length);
  const [head, ...entries] = whole.toString("utf8").split("\n").slice(0, -1).map(parse);
  const file = await open(path, "a", 0o600);
  if (head === undefined) await write(file, genesis);
  return {
    genesis: (head as Genesis | undefined) ?? genesis,
    entries: entries as Entry[],
    append: (entry) => write(file, entry),
    close: () => file.close(),
  };
}

function parse(line: string): unknown {
  return JSON.parse(line);
}

async function write(file: FileHandle, value: unknown): Promise<void> {
  await file.appendFile(`${JSON.stringify(value)}\n`);
  await file.datasync();
}
