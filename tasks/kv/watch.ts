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
/** Changes remembered, so that after a reorg or a withdrawal only what differs is told. */
const MAX_TOLD = 10_000;
/** Data is a moment behind its entry as a rule; only what is late is worth a word. */
const LATE_MS = 5_000;

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
  let held: { readonly txSeq: number | null; readonly since: number; warned: boolean } | undefined;
  let at: { readonly txSeq: number; readonly afterKey: string | null } = { txSeq: begin, afterKey: null };
  const told = new Map<string, { readonly version: number; readonly key: Uint8Array }>();
  /** While the stream is walked again: what is still so. */
  let still: Set<string> | undefined;
  for (let shown = 0; ; ) {
    const page = await node.changes(stream, at.txSeq, PAGE, at.afterKey);
    if (page.revision !== revision) {
      revision = page.revision;
      output.warn("A change of the chain, or a withdrawal, took entries back: what differs is told again.");
      at = { txSeq: begin, afterKey: null };
      still = new Set();
      continue;
    }
    for (const { version, key: changed, size, sender } of page.changes) {
      const name = `${version}/${sender}/${size}/${toHex(changed)}`;
      still?.add(name);
      if (told.has(name) || (key !== undefined && !equalBytes(key, changed))) continue;
      told.set(name, { version, key: changed });
      for (const oldest of told.keys()) if (told.size > MAX_TOLD) told.delete(oldest);
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
    const caughtUp = page.changes.length === 0;
    if (caughtUp && still !== undefined) {
      for (const [name, change] of told) {
        if (still.has(name)) continue;
        told.delete(name);
        await tellTakenBack(node, stream, change, output);
      }
      still = undefined;
    }
    if (page.heldAt !== held?.txSeq) held = { txSeq: page.heldAt, since: Date.now(), warned: false };
    if (held.txSeq !== null && !held.warned && Date.now() - held.since > LATE_MS) {
      held.warned = true;
      output.warn(`AwaitingData: the stream waits for the data of entry ${integer(held.txSeq)}.`);
    }
    at = page.next;
    if (caughtUp) await pause(POLL_MS, signal);
  }
}

/** A write that does not count any more, and what the key has instead. */
async function tellTakenBack(
  node: KvNode,
  stream: Hex,
  { version, key }: { readonly version: number; readonly key: Uint8Array },
  output: Output,
): Promise<void> {
  const now = await node.value(stream, key, 0, PREVIEW_BYTES, undefined);
  const instead = now.size === 0 ? "nothing" : `${preview(now.data, now.size)} of entry ${integer(now.version)}`;
  output.say(`${integer(version)}  ${preview(key, key.length)}  taken back; it has ${instead}`);
  const named = { version, key: toHex(key), keyText: textOfBytes(key), takenBack: true };
  output.result({ ...named, now: now.size === 0 ? null : now.version });
}
