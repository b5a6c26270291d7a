import { pause } from "../../adapters/pause.ts";
import { equalBytes, type Hex, toHex } from "../../protocol/hex.ts";
import { bytes, integer, short } from "../lib/format.ts";
import type { KvNode } from "../lib/kvNode.ts";
import { type KvArguments, keyOf, optional, withKv } from "../lib/kvTask.ts";
import { preview, textOfBytes } from "../lib/kvText.ts";
import type { Output } from "../lib/output.ts";

interface WatchArguments extends KvArguments {
  readonly key?: string;
  readonly from: number;
  readonly count: number;
}

const POLL_MS = 500;
const PAGE = 500;
const PREVIEW_BYTES = 256;
/** Changes remembered, so that they are not told again after a reorg. */
const MAX_TOLD = 10_000;

/** Writes to a stream as they take effect, until Ctrl-C; with --json a line of JSON for each. */
export default async function watch(given: WatchArguments): Promise<void> {
  await withKv(given, async ({ stream, node, output, signal }) => {
    const key = given.key === undefined ? undefined : keyOf(given.key);
    try {
      await follow({ ...given, from: optional(given.from), stream, key, node, output, signal });
    } catch (error) {
      // Ctrl-C is how it ends.
      if (!signal.aborted) throw error;
    }
  });
}

interface FollowOptions {
  readonly stream: Hex;
  readonly key: Uint8Array | undefined;
  readonly from: number | undefined;
  /** Ends after so many; 0: never. */
  readonly count: number;
  readonly node: KvNode;
  readonly output: Output;
  readonly signal: AbortSignal;
}

async function follow({ stream, key, from, count, node, output, signal }: FollowOptions): Promise<void> {
  const now = await node.changes(stream, Number.MAX_SAFE_INTEGER, 1, null);
  const begin = from ?? now.nextTxSeq;
  output.say(`Watching from entry ${integer(begin)} on. Ctrl-C ends it.`);
  let { revision } = now;
  let held: number | null = null;
  let at: { readonly txSeq: number; readonly afterKey: string | null } = { txSeq: begin, afterKey: null };
  const told = new Set<string>();
  for (let shown = 0; ; ) {
    const page = await node.changes(stream, at.txSeq, PAGE, at.afterKey);
    if (page.revision !== revision) {
      revision = page.revision;
      output.warn("A change of the chain, or a withdrawal, took entries back: what differs is told again.");
      at = { txSeq: begin, afterKey: null };
      continue;
    }
    for (const { version, key: changed, size, sender } of page.changes) {
      const name = `${version}/${sender}/${size}/${toHex(changed)}`;
      if (told.has(name) || (key !== undefined && !equalBytes(key, changed))) continue;
      told.add(name);
      for (const oldest of told) if (told.size > MAX_TOLD) told.delete(oldest);
      const value = await node.value(stream, changed, 0, PREVIEW_BYTES, version);
      const what = size === 0 ? "deleted" : preview(value.data, size);
      output.say(
        `${integer(version)}  ${preview(changed, changed.length)}  ${what}  (${bytes(size)}, by ${short(sender)})`,
      );
      const whole = value.data.length === size ? { value: toHex(value.data), text: textOfBytes(value.data) } : {};
      output.result({ version, key: toHex(changed), keyText: textOfBytes(changed), size, sender, ...whole });
      shown += 1;
      if (shown === count) return;
    }
    if (page.heldAt !== held && page.heldAt !== null) {
      output.warn(`AwaitingData: the stream waits for the data of entry ${integer(page.heldAt)}.`);
    }
    held = page.heldAt;
    const still = page.changes.length === 0;
    at = page.next;
    if (still) await pause(POLL_MS, signal);
  }
}
