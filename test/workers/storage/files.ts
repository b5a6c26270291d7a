/** A storage node's log store on a disk of its own, entries for it as a chain would give them, and all of it over HTTP. */
import { join } from "node:path";
import { type Http, listenHttp } from "../../../adapters/http.ts";
import { type Log, silentLog } from "../../../adapters/log.ts";
import { createMetrics } from "../../../adapters/metrics.ts";
import { openStore } from "../../../adapters/store.ts";
import { proofOf, shapeOf } from "../../../protocol/file.ts";
import { placeFile, submissionOfBytes } from "../../../protocol/flow.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { Shard } from "../../../protocol/shard.ts";
import { createBlobProofs } from "../../../workers/storage/batches/blobProofs.ts";
import { viewOf } from "../../../workers/storage/batches/view.ts";
import { createStorageHttp } from "../../../workers/storage/http.ts";
import { type Entry, LOG_TABLES, type NodeLog, openLog } from "../../../workers/storage/log/index.ts";
import { type TestFile, testFile } from "../../fakes/fileNode.ts";
import { tempDir } from "../../fakes/temp.ts";
import { ENTRANCE } from "../../protocol/sample.ts";
import { openNode } from "./node.ts";

export const SENDER: Hex = `0x${"5e".repeat(20)}`;
export const FLOW: Hex = `0x${"f1".repeat(20)}`;
export const CHAIN = 31_337;

export interface FilesNode {
  readonly url: string;
  readonly app: Http;
  readonly store: NodeLog;
  /** What the chain would say of these files, one after the other. */
  append(files: readonly TestFile[], as?: Partial<Pick<Entry, "tags" | "sender">>): Promise<Entry[]>;
  /** Everything of it that the node's shard wants, by the store. */
  fill(file: TestFile): Promise<void>;
  close(): Promise<void>;
}

export interface FilesNodeOptions {
  readonly shard?: Shard;
  readonly quotaSectors?: number;
  readonly maxHeld?: number;
  readonly waitMs?: number;
  readonly log?: Log;
}

const hashOf = (kind: string, n: number): Hex => `0x${kind}${n.toString(16).padStart(62, "0")}`;

/** A log store without entries, in a folder of its own. */
export const openEmptyLog = async (options: FilesNodeOptions = {}) => {
  const dir = tempDir("files");
  const lmdb = await openStore(join(dir.path, "store"), { tables: LOG_TABLES });
  const none = () => undefined;
  const store = await openLog({
    ...{ store: lmdb, dir: dir.path, entrance: ENTRANCE, log: options.log ?? silentLog, shard: options.shard },
    quotaSectors: options.quotaSectors,
    da: { part: none, roots: none, segment: none, rows: () => 0, stagedRows: () => 0 },
  });
  const close = async (): Promise<void> => {
    await store.close();
    await lmdb.close();
    dir.remove();
  };
  return { store, close };
};

export const openFilesNode = async (options: FilesNodeOptions = {}): Promise<FilesNode> => {
  const { log = silentLog } = options;
  const { store, close } = await openEmptyLog(options);
  const batches = await openNode({ compute: {} as never });
  const app = createStorageHttp({
    ...{ log, store, intake: batches.intake, serve: batches.serve, metrics: createMetrics("test"), maxInFlight: 2 },
    ...{ maxHeld: options.maxHeld, waitMs: options.waitMs, chain: { chainId: CHAIN, flow: FLOW } },
    view: (batchId) => viewOf(batches.shelf, batchId),
    blobProofs: createBlobProofs({ serve: batches.serve, compute: {} as never }),
    state: async () => ({ worker: "storage" }),
    position: () => ({ number: 77, hash: hashOf("bb", 77) }),
  });
  return {
    ...{ app, store, url: await listenHttp(app, { port: 0 }) },
    append: async (files, as = {}) => {
      const tip = store.tip();
      let { length } = tip;
      const entries = files.map((file, i): Entry => {
        const txSeq = tip.nextTxSeq + i;
        const { nodes, identity, sectors } = submissionOfBytes(file.bytes);
        const placed = placeFile(length, nodes);
        length = placed.length;
        return {
          ...{ txSeq, sender: SENDER, identity, root: file.root, start: placed.placed[0]?.start ?? 0, sectors, nodes },
          ...{ length: file.length, tags: "0x", block: { number: txSeq + 1, hash: hashOf("bb", txSeq + 1) } },
          ...{ transactionHash: hashOf("cc", txSeq), ...as },
        };
      });
      await store.append(entries);
      return entries;
    },
    fill: async (file) => {
      await store.putRoots(file, file.roots);
      const [txSeq = -1] = store.txSeqsOf(file.root, file.length);
      for (const index of store.missing(txSeq, 0, 10_000)) await store.putSegment(file, index, file.segment(index));
    },
    close: async () => {
      await app.close();
      await batches.close();
      await close();
    },
  };
};

export const proofIn = (file: TestFile, index: number): { lemma: Hex[]; path: boolean[] } => {
  const { lemma, path } = proofOf(shapeOf(file.length), file.roots, index);
  return { lemma: [...lemma], path: [...path] };
};

/** A segment as 0G's client sends it. */
export const withProof = (file: TestFile, index: number) => ({
  root: file.root,
  data: Buffer.from(file.segment(index)).toString("base64"),
  index,
  proof: proofIn(file, index),
  fileSize: file.length,
});

export type { TestFile };
export { testFile };
