import type { Wallet } from "ethers";
import type { Chain } from "../../adapters/chain.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { each } from "../../adapters/each.ts";
import type { FileSource } from "../../adapters/file-source.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { nodeClient } from "../../adapters/node-client.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type FileShape, fileNodesOf } from "../../protocol/file.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import type { Shard } from "../../protocol/shard.ts";
import { openPeers } from "../peers.ts";
import { type IntentFile, intentFile, type Mined, type Place, sectorsOf, withNodes } from "./intent.ts";
import { pushFile } from "./push.ts";
import { openIntents } from "./store.ts";
import { mustCover, spread } from "./targets.ts";
import { enter } from "./wish.ts";

/** A file that can be opened more than once, and has the same bytes each time. */
export interface Uploadable {
  /** For reports. */
  readonly name: string;
  open(): Promise<FileSource>;
  /** Where it was hashed before. */
  readonly hashed?: { readonly length: number; readonly roots: Uint8Array };
}

export type UploadProgress =
  | { readonly stage: "hashed"; readonly bytes: number; readonly total: number }
  /** Entries on the chain; the transaction is the one that is waited for. */
  | { readonly stage: "entered"; readonly entries: number; readonly total: number; readonly transaction?: Hex }
  /** Bytes that nodes have acknowledged, every copy counted. */
  | { readonly stage: "stored"; readonly bytes: number; readonly total: number };

export interface UploadOptions {
  readonly files: readonly Uploadable[];
  readonly tags: Hex;
  readonly wallet: Wallet;
  readonly chain: Chain;
  /** The block that the network begins at. */
  readonly fromBlock: number;
  readonly client: HttpClient;
  /** Storage nodes. */
  readonly urls: readonly string[];
  readonly replicas: number;
  /** Where intents are kept. */
  readonly folder: string;
  /** The same content is a new wish if the last one was fulfilled: a key may get the value that it once had. */
  readonly again?: boolean;
  /** Awaited before the wish counts as fulfilled: until then a second run goes on with this one's entries. */
  readonly fulfilled?: (files: readonly UploadedFile[], nodes: Uploaded["nodes"]) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Segments on their way to one node at once. */
  readonly parallel?: number;
  readonly pollMs?: number;
  readonly patienceMs?: number;
}

export interface UploadedFile extends Place {
  readonly name: string;
  readonly root: Hex;
  /** Bytes. */
  readonly length: number;
  /** Padded: what was paid for. */
  readonly sectors: number;
}

export interface Uploaded {
  readonly files: readonly UploadedFile[];
  /** Transactions that this run found or made, and the most that each paid to the log, wei. */
  readonly transactions: readonly { readonly hash: Hex; readonly sectors: number; readonly value: string }[];
  /** Was everything there before this run? */
  readonly known: boolean;
  readonly nodes: readonly { readonly url: string; readonly shard: Shard }[];
}

/** Entries of one transaction: some hundred thousand gas each, of 2^24. */
export const FILES_PER_TRANSACTION = 32;
const PARALLEL = 8;
const POLL_MS = 250;
/** Files on their way at once. */
const FILES_AT_ONCE = 4;

/**
 * Uploads files: hashes them, brings their entries onto the chain, pushes their data until nodes say that it is durable.
 * Called again with the same arguments after any end, it goes on where the last run was.
 */
export const upload = async (options: UploadOptions): Promise<Uploaded> => {
  const { client, urls, folder, signal, onProgress, replicas, patienceMs } = options;
  const store = await openIntents(folder);
  const candidates = urls.map((url) => nodeClient(client, url));
  await mustCover({ nodes: candidates, replicas, signal });
  const hashed = await hashAll(options);
  const peers = openPeers({ client, urls, log: options.log });
  const distinct = [...new Map(hashed.map((file) => [keyOf(file.intent), file])).values()];

  const mined: Mined[] = [];
  let made = false;
  const entered = (transaction?: Hex): void => {
    const entries = mined.reduce((sum, { files }) => sum + files.length, 0);
    onProgress?.({ stage: "entered", entries, total: distinct.length, transaction });
  };
  for (let at = 0; at < distinct.length; at += FILES_PER_TRANSACTION) {
    const files = distinct.slice(at, at + FILES_PER_TRANSACTION).map(({ intent }) => intent);
    const onSent = (hash: Hex): void => {
      made = true;
      entered(hash);
    };
    mined.push(await enter({ ...options, store, peers, pollMs: options.pollMs ?? POLL_MS, onSent }, files));
    entered();
  }
  const places = new Map(
    mined.flatMap(({ files, entries }) => files.map((file, i) => [keyOf(file), entries[i] as Place] as const)),
  );
  const placeOf = ({ intent }: Hashed): Place => places.get(keyOf(intent)) as Place;

  const bytes = distinct.reduce((sum, { shape }) => sum + shape.length, 0);
  let stored = 0;
  const onBytes = (more: number): void => {
    stored += more;
    onProgress?.({ stage: "stored", bytes: stored, total: Math.max(stored, bytes * replicas) });
  };
  const targets = await spread({
    ...{ nodes: candidates, replicas, signal },
    push: (node) =>
      each(distinct, FILES_AT_ONCE, signal, async (file, either) => {
        const source = await file.open();
        try {
          const { txSeq, start } = placeOf(file);
          const pushed = { ...file, root: file.intent.root, txSeq, start };
          const parallel = options.parallel ?? PARALLEL;
          await pushFile({
            ...{ node, store, parallel, signal: either, onBytes, patienceMs },
            file: { ...pushed, segment: (index) => source.segment(index) },
          });
        } finally {
          await source.close();
        }
      }),
  });
  const nodes = targets.map(({ node: { url }, shard }) => ({ url, shard }));
  crashpoint("upload-pushed");
  const uploaded = hashed.map((file): UploadedFile => {
    const { intent, shape, name } = file;
    return { name, root: intent.root, length: shape.length, sectors: sectorsOf(intent), ...placeOf(file) };
  });
  await options.fulfilled?.(uploaded, nodes);
  for (const intent of mined) await store.put(withNodes(intent, [...nodes.map(({ url }) => url)]));
  for (const { intent } of distinct) await store.forgetAcknowledged(intent);
  return { files: uploaded, transactions: mined.flatMap(minedBy), known: !made, nodes };
};

/** Of the transactions that were signed, those that made its entries. */
const minedBy = ({ txs, entries }: Mined): Uploaded["transactions"] =>
  txs
    .filter(({ hash }) => entries.some(({ transactionHash }) => transactionHash === normalHex(hash)))
    .map(({ hash, sectors, value }) => ({ hash, sectors, value }));

const keyOf = ({ root, length }: IntentFile): string => `${root}/${length}`;

const changed = ({ name }: Uploadable): ZgError =>
  new ZgError("FileUnreadable", { file: name, why: "changed while it was uploaded" });

interface Hashed extends Uploadable {
  readonly intent: IntentFile;
  readonly shape: FileShape;
  readonly roots: Uint8Array;
}

const hashAll = async ({ files, signal, onProgress }: UploadOptions): Promise<Hashed[]> => {
  const hashed: Hashed[] = [];
  let before = 0;
  for (const file of files) {
    const source = await file.open();
    try {
      const { shape } = source;
      const onBytes = (bytes: number): void =>
        onProgress?.({ stage: "hashed", bytes: before + bytes, total: before + shape.length });
      if (file.hashed !== undefined && file.hashed.length !== shape.length) throw changed(file);
      const roots = file.hashed?.roots ?? (await source.roots(onBytes, signal));
      const nodes = fileNodesOf(shape, roots, await source.segment(shape.segments - 1));
      before += shape.length;
      hashed.push({ ...file, shape, roots, intent: intentFile(shape.length, [...nodes]) });
    } finally {
      await source.close();
    }
  }
  return hashed;
};
