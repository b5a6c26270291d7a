/** The log as `Flow` has it: entries in order, and the tree over their sectors. */
import { crashpoint } from "../../../adapters/crashpoint.ts";
import type { Transaction } from "../../../adapters/store.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { shapeOf } from "../../../protocol/file.ts";
import { type AddedNode, appended, EMPTY_LOG, type Nodes, rootAt } from "../../../protocol/flowTree.ts";
import { setCached } from "./cache.ts";
import { type Core, isComplete, readIn, setPending, setReady, shardIn } from "./core.ts";
import { nodeAt, putNodes, truncateNodes } from "./nodes.ts";
import { entryAt, fileKey, json, lastSeq, namesOf, type Read, recordOf, type StoredEntry, seqKey } from "./tables.ts";
import type { Entry, LogEvent, Tip } from "./types.ts";

const EMPTY: Tip = { nextTxSeq: 0, length: EMPTY_LOG, root: `0x${"00".repeat(32)}` };
/** Entries to a transaction: what it changes is in memory until it is committed. */
const CHUNK = 500;

/** The log's tree, as stored. */
export const nodesOf = (read: Read): Nodes => ({ get: (level, index) => nodeAt(read, "tree", "", level, index) });

const tipAfter = ({ txSeq, start, sectors, flowRoot }: StoredEntry): Tip => ({
  nextTxSeq: txSeq + 1,
  length: start + sectors,
  root: flowRoot,
});

export const createEntries = (core: Core) => {
  const { store, read, log } = core;
  let tip = tipIn(core);

  const appendOne = (tx: Transaction, at: Tip, entry: Entry, nodes: Nodes, add: (node: AddedNode) => void): Tip => {
    const placed = appended(nodes, at.length, entry.nodes);
    if (placed.start !== entry.start || placed.length !== entry.start + entry.sectors) {
      throw new ZgError("CorruptObject", { what: "the log's length", txSeq: entry.txSeq, start: placed.start });
    }
    placed.added.forEach(add);
    const stored: StoredEntry = { ...entry, flowRoot: rootAt(nodes, placed.length) };
    tx.put("entries", seqKey(entry.txSeq), json(stored));
    tx.put("flowRoots", stored.flowRoot, json(entry.txSeq));
    nameFile(core, tx, entry);
    return tipAfter(stored);
  };

  const appendChunk = async (entries: readonly Entry[]): Promise<void> => {
    const events: LogEvent[] = [];
    const next = await store.write((tx) => {
      const fresh = new Map<string, AddedNode>();
      const stored = nodesOf(readIn(tx));
      const nodes: Nodes = { get: (level, index) => fresh.get(`${level}:${index}`)?.hash ?? stored.get(level, index) };
      const add = (node: AddedNode): void => void fresh.set(`${node.level}:${node.index}`, node);
      let at = tip;
      for (const entry of entries) {
        if (entry.txSeq < at.nextTxSeq) {
          mustBeKnown(entryAt(readIn(tx), entry.txSeq), entry);
          continue;
        }
        if (entry.txSeq > at.nextTxSeq) {
          throw new ZgError("CorruptObject", { what: "an entry is missing", txSeq: at.nextTxSeq, next: entry.txSeq });
        }
        at = appendOne(tx, at, entry, nodes, add);
        events.push({ type: "entry", txSeq: entry.txSeq });
        if (tx.get("pending", seqKey(entry.txSeq)) === undefined)
          events.push({ type: "finalized", txSeq: entry.txSeq });
      }
      putNodes(tx, "tree", "", fresh.values());
      crashpoint("entries-appended-not-recorded");
      return at;
    });
    tip = next;
    events.forEach(core.emit);
  };

  /** The last entries, at most CHUNK, if they are of blocks above `ancestor`. False: there are no more. */
  const revertChunk = async (ancestor: number): Promise<boolean> => {
    const gone: StoredEntry[] = [];
    for (let txSeq = tip.nextTxSeq - 1; txSeq >= 0 && gone.length < CHUNK; txSeq--) {
      const entry = entryAt(read, txSeq);
      if (entry === undefined || entry.block.number <= ancestor) break;
      gone.push(entry);
    }
    const first = gone.at(-1)?.txSeq;
    if (first === undefined) return false;
    const last = first === 0 ? undefined : entryAt(read, first - 1);
    const next = last === undefined ? EMPTY : tipAfter(last);
    await store.write((tx) => {
      for (const entry of gone) forget(core, tx, entry, first);
      const tree = store.table("tree");
      truncateNodes(tx, "tree", (start, end) => tree.keys({ start, end }), next.length);
    });
    tip = next;
    core.emit({ type: "reverted", from: first });
    log.warn({ from: first, ancestor }, "reorg: entries taken back");
    return true;
  };

  return {
    tip: () => tip,
    append: async (entries: readonly Entry[]): Promise<void> => {
      for (let from = 0; from < entries.length; from += CHUNK) await appendChunk(entries.slice(from, from + CHUNK));
    },
    revert: async (ancestor: number): Promise<void> => {
      while (await revertChunk(ancestor));
    },
    /** The entry that sector `sector` is in; undefined: it is in a gap, or beyond the end. */
    entryOver: (sector: number): StoredEntry | undefined => {
      let [low, high] = [0, tip.nextTxSeq];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const entry = entryAt(read, middle);
        if (entry === undefined) return undefined;
        if (entry.start + entry.sectors <= sector) low = middle + 1;
        else high = middle;
      }
      const entry = entryAt(read, low);
      return entry !== undefined && entry.start <= sector ? entry : undefined;
    },
  };
};

export type Entries = ReturnType<typeof createEntries>;

const tipIn = ({ store, read }: Core): Tip => {
  for (const key of store.table("entries").keys({ start: "", end: "~", reverse: true, limit: 1 })) {
    const last = entryAt(read, lastSeq(key));
    if (last !== undefined) return tipAfter(last);
  }
  return EMPTY;
};

/** The follower repeats what a crash may have kept it from noting down. */
const mustBeKnown = (known: StoredEntry | undefined, entry: Entry): void => {
  if (known?.identity === entry.identity && known.block.hash === entry.block.hash) return;
  throw new ZgError("CorruptObject", { what: "two entries at one place in the log", txSeq: entry.txSeq });
};

/** The file gets a name more: what was kept for a while is kept for good now, and may be all of it already. */
const nameFile = (core: Core, tx: Transaction, entry: Entry): void => {
  const { txSeq, start } = entry;
  const da = core.isDa(entry);
  tx.put("names", `${fileKey(entry)}/${seqKey(txSeq)}`, json({ start, da }));
  if (da) {
    if (core.da.part(txSeq) === undefined) setPending(tx, entry, txSeq);
    else setReady(tx, entry, txSeq);
    return;
  }
  setCached(tx, entry, undefined);
  const { held } = recordOf(readIn(tx), entry);
  const share = { shard: shardIn(tx, core), start, held };
  if (isComplete(readIn(tx), entry, shapeOf(entry.length), share)) setReady(tx, entry, txSeq);
  else setPending(tx, entry, txSeq);
};

/** @param first the lowest entry that goes: a name above it goes, too */
const forget = (core: Core, tx: Transaction, entry: StoredEntry, first: number): void => {
  const key = seqKey(entry.txSeq);
  for (const [table, at] of [
    ["entries", key],
    ["flowRoots", entry.flowRoot],
    ["pending", key],
    ["prunable", key],
    ["ready", `${entry.root}/${key}`],
    ["names", `${fileKey(entry)}/${key}`],
  ] as const) {
    tx.delete(table, at);
  }
  if (tx.get("files", fileKey(entry)) === undefined || hasNameBelow(core, entry, first)) return;
  setCached(tx, entry, { since: core.now(), segments: Math.max(1, recordOf(readIn(tx), entry).held) });
};

const hasNameBelow = (core: Core, entry: Entry, first: number): boolean => {
  for (const { txSeq, da } of namesOf(core.store, entry)) if (!da && txSeq < first) return true;
  return false;
};
