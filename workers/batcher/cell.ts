/** One cell of a batch of ours with its proof: made from the bucket, or given by a node if the bucket does not do. */
import type { ObjectStore } from "../../adapters/bucket.ts";
import type { Compute } from "../../adapters/compute.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { frameRow } from "../../protocol/column.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodeMetadata, metadataLength } from "../../protocol/metadata.ts";
import { FRAME_ROW_BYTES, ROW_BYTES } from "../../protocol/params.ts";
import { type CellPlace, type ShownCell, showCell } from "../../protocol/rowsProof.ts";
import { type BatchPlan, keys } from "../records.ts";
import type { RowsOf } from "./rows.ts";

export interface CellDeps {
  readonly bucket: ObjectStore;
  readonly compute: Pick<Compute, "extendRows">;
  readonly client: Pick<HttpClient, "bytes">;
  readonly rowsOf: RowsOf;
  /** Base URLs of storage nodes. */
  readonly nodes: readonly string[];
  readonly log: Log;
}

type Give = () => Promise<ShownCell>;

/** @throws Unavailable when neither the bucket nor a node has the cell that the chain knows */
export const findCell = async (
  deps: CellDeps,
  plan: BatchPlan,
  at: CellPlace,
  signal: AbortSignal,
): Promise<ShownCell> => {
  const { batchId } = plan;
  const sources: [string, Give][] = [
    ["bucket", () => fromBucket(deps, plan, at)],
    ...deps.nodes.map((url): [string, Give] => [url, () => fromNode(deps, plan, at, url, signal)]),
  ];
  const failures: string[] = [];
  for (const [source, give] of sources) {
    try {
      return await give();
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = asZgError(error);
      deps.log.warn({ batchId, ...at, source, code, error: message }, "no cell for a challenge from here");
      failures.push(code);
    }
  }
  throw new ZgError("Unavailable", { batchId, ...at, why: "nobody gives this cell", answers: failures.join(", ") });
};

const fromBucket = async (deps: CellDeps, plan: BatchPlan, at: CellPlace): Promise<ShownCell> => {
  const [requestId, row] = blobAt(plan, at.row);
  const packed = (await deps.rowsOf(requestId)).subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES);
  const { extended, cellRoots } = await deps.compute.extendRows(packed);
  return showCell(frameRow(extended, cellRoots, at.column), await segmentRootsOf(deps, plan), at, plan);
};

const fromNode = async (
  deps: CellDeps,
  plan: BatchPlan,
  at: CellPlace,
  url: string,
  signal: AbortSignal,
): Promise<ShownCell> => {
  const base = `${url.replace(/\/+$/, "")}/batches/${plan.batchId}`;
  const path = `${base}/columns/${at.column}?rows=${at.row}-${at.row}`;
  const frame = await deps.client.bytes(path, { maxBytes: FRAME_ROW_BYTES, deadlineMs: DEADLINE_MS, signal });
  const roots = await segmentRootsOf(deps, plan).catch(async () => {
    const maxBytes = metadataLength(plan.blobs.length, plan.rowCount);
    const bytes = await deps.client.bytes(`${base}/metadata`, { maxBytes, deadlineMs: DEADLINE_MS, signal });
    return decodeMetadata(bytes).segmentRoots;
  });
  return showCell(frame, roots, at, plan);
};

const DEADLINE_MS = 10_000;

const segmentRootsOf = async ({ bucket }: CellDeps, { batchId }: BatchPlan): Promise<Uint8Array> => {
  const bytes = await bucket.get(keys.metadata(batchId));
  if (bytes === null) throw new ZgError("CorruptObject", { key: keys.metadata(batchId) });
  return decodeMetadata(bytes).segmentRoots;
};

/** The blob that a row of the batch belongs to, and the row in it. */
const blobAt = (plan: BatchPlan, row: number): [requestId: Hex, row: number] => {
  let first = 0;
  for (const { requestId, rows } of plan.blobs) {
    if (row < first + rows) return [requestId, row - first];
    first += rows;
  }
  throw new ZgError("BadRequest", { row, rowCount: plan.rowCount });
};
