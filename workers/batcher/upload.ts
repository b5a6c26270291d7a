/** Edge `upload`: one node gets metadata and rows of one batch, and says that it has them. */
import { z } from "zod";
import { type ObjectStore, putJson } from "../../adapters/bucket.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { ERRORS, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { HASH_BYTES, MAX_ROWS_PER_UPLOAD, ROW_BYTES } from "../../protocol/params.ts";
import { encodeUpload } from "../../protocol/upload.ts";
import { type BatchFacts, readBatchFacts } from "../batch-facts.ts";
import { keys, type NodeAnswer } from "../records.ts";
import { blamed } from "./ask.ts";
import type { LateUploads } from "./replicas.ts";
import type { RowsOf } from "./rows.ts";

export interface UploadDeps {
  readonly bucket: ObjectStore;
  readonly client: HttpClient;
  readonly rowsOf: RowsOf;
  readonly nodes: readonly string[];
  readonly latest: () => number;
  readonly late: LateUploads;
  readonly log: Log;
  readonly now: () => number;
  /** A node that has not seen the batch yet is asked again after this many ms. */
  readonly pollMs: number;
}

const Staged = z.object({ staged: z.literal(true) });
const MAX_ANSWER = 16_384;
const CHUNK_DEADLINE_MS = 15_000;
/** The node extends, hashes and checks every row in it. */
const STAGE_DEADLINE_MS = 90_000;
const DOWN_PAUSE_MS = 1_000;

/** ms after which to try again; undefined: nothing more to do here, and after the confirmation `late` comes back. */
export const upload = async (
  deps: UploadDeps,
  batchId: Hex,
  node: string,
  signal: AbortSignal,
): Promise<number | undefined> => {
  const { bucket } = deps;
  const url = deps.nodes[Number(node)];
  const facts = await readBatchFacts(bucket, batchId);
  if (url === undefined || facts?.submitted == null || facts.failed || facts.closed?.outcome === "unavailable")
    return undefined;
  const { submitted, confirmed } = facts;
  if (deps.latest() > (confirmed?.retainUntil ?? submitted.deadline)) return undefined;
  const known = facts.answers.find((answer) => answer.node === node);
  if (known !== undefined && known.outcome !== "down") return undefined;

  if (confirmed === null) return attempt(deps, facts, { node, url, seed: submitted.blockHash, known }, signal);
  if (!deps.late.begin(node)) return undefined;
  let again: number | undefined = DOWN_PAUSE_MS;
  try {
    again = await attempt(deps, facts, { node, url, seed: submitted.blockHash, known }, signal);
  } finally {
    await deps.late.end(batchId, node, again === undefined);
  }
  return undefined;
};

interface Target {
  readonly node: string;
  readonly url: string;
  readonly seed: Hex;
  /** What the node said before. */
  readonly known: NodeAnswer | undefined;
}

/** ms after which to try again; undefined: the node has it, or will not have it. */
const attempt = async (
  deps: UploadDeps,
  facts: BatchFacts,
  { node, url, seed, known }: Target,
  signal: AbortSignal,
): Promise<number | undefined> => {
  const { bucket, now, log } = deps;
  const { batchId } = facts.plan;
  const record = async (outcome: NodeAnswer["outcome"], more: Partial<NodeAnswer> = {}): Promise<void> => {
    await putJson(bucket, keys.answer(batchId, node), { node, url, outcome, seed, ...more, time: now() });
  };
  try {
    await push(deps, facts, url, signal);
    await record("staged");
    return undefined;
  } catch (error) {
    const named = asZgError(error);
    const { code } = named;
    if (code === "UnknownBatch" || code === "NotStaged") return deps.pollMs;
    if (code === "Stopping") throw named;
    // A node that comes back believes the deadline was missed until it has read of the confirmation.
    if (code === "BatchNotOpen") return facts.confirmed === null ? undefined : DOWN_PAUSE_MS;
    if (ERRORS[code].http === 422) {
      const blobKey = blamed(
        named,
        facts.plan.blobs.map((blob) => blob.blobKey),
      );
      log.warn({ batchId, url, code, fields: named.fields }, "node refused the batch");
      await record("refused", { code, blobKey });
      return undefined;
    }
    if (known?.code !== code) {
      log.warn({ batchId, url, code, error: named.message }, "node did not take the batch");
      await record("down", { code });
    }
    return DOWN_PAUSE_MS;
  }
};

/** Metadata first: a node that does not know the batch says so before any row is sent. */
const push = async (deps: UploadDeps, facts: BatchFacts, url: string, signal: AbortSignal): Promise<void> => {
  const { bucket, client, rowsOf } = deps;
  const { batchId, blobs } = facts.plan;
  const base = `${url.replace(/\/+$/, "")}/batches/${batchId}`;
  const metadata = await bucket.get(keys.metadata(batchId));
  if (metadata === null) throw new ZgError("CorruptObject", { key: keys.metadata(batchId) });
  const put = (path: string, body: Uint8Array): Promise<Uint8Array> =>
    client.bytes(`${base}/${path}`, {
      method: "PUT",
      body,
      maxBytes: MAX_ANSWER,
      deadlineMs: CHUNK_DEADLINE_MS,
      signal,
    });
  await put("metadata", metadata);
  let first = 0;
  for (const { requestId, rows } of blobs) {
    const [packed, roots] = await Promise.all([rowsOf(requestId), bucket.get(keys.redundancy(requestId))]);
    if (roots?.length !== rows * HASH_BYTES) throw new ZgError("CorruptObject", { key: keys.redundancy(requestId) });
    for (let row = 0; row < rows; row += MAX_ROWS_PER_UPLOAD) {
      const end = Math.min(row + MAX_ROWS_PER_UPLOAD, rows);
      const piece = {
        rows: packed.subarray(row * ROW_BYTES, end * ROW_BYTES),
        redundancyRoots: roots.subarray(row * HASH_BYTES, end * HASH_BYTES),
      };
      await put(`rows/${first + row}`, encodeUpload(piece));
    }
    first += rows;
  }
  await client.json(`${base}/stage`, Staged, {
    method: "POST",
    maxBytes: MAX_ANSWER,
    deadlineMs: STAGE_DEADLINE_MS,
    signal,
  });
};
