import { z } from "zod";
import type { HttpClient } from "../../adapters/http-client.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, EXTENDED_ROW_BYTES, FRAME_ROW_BYTES, PROOFS_BYTES } from "../../protocol/params.ts";
import type { RowRange } from "./board.ts";

/** Where a node says a blob is. A claim: nothing is believed before the chain's record and the metadata agree. */
export interface Claim {
  readonly batchId: Hex;
  readonly index: number;
}

/** Any party that may hold columns: a storage node, or a validator that keeps what it sampled. Nobody is trusted. */
export interface Source {
  /** How it is named in reports: its URL. */
  readonly name: string;
  readonly kind: "node" | "validator";
  /** Rejects with NotFound when it does not know the blob. */
  locate(blobKey: Hex, signal: AbortSignal): Promise<Claim>;
  /** At most `maxBytes` are read. */
  metadata(batchId: Hex, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Columns it holds; null = ask for any. */
  columns(batchId: Hex, signal: AbortSignal): Promise<readonly number[] | null>;
  /** One frame row (cell and siblings) for each row of the range, which counts rows of the batch of `rowCount` rows. */
  column(batchId: Hex, column: number, range: RowRange, rowCount: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Nodes only. The 128 column proofs of one blob alone, 6,144 bytes: right or wrong is for its commitment to say. */
  proofs(batchId: Hex, index: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Nodes only. A whole extended row, which `row` counts in the batch: what a node of one shard has. */
  row(batchId: Hex, row: number, signal: AbortSignal): Promise<Uint8Array>;
}

const hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/);
const claimSchema = z.object({ batchId: hash, index: z.number().int().nonnegative() });
const columnNumber = z
  .number()
  .int()
  .min(0)
  .max(COLUMNS - 1);
const columnsSchema = z.union([
  z.array(columnNumber).max(COLUMNS),
  z.object({ columns: z.array(columnNumber).max(COLUMNS) }).transform(({ columns }) => columns),
]);

/** How long the smallest answer may take, and how slow a link may be before its answer is given up, bytes a second. */
const DEADLINE_MS = 8_000;
/** A node makes them when it is asked: the more rows, the longer. */
const PROOFS_DEADLINE_MS = 30_000;
const SLOWEST_LINK = 256 * 1024;
const deadlineFor = (bytes: number): number => DEADLINE_MS + Math.ceil((bytes * 1000) / SLOWEST_LINK);

/** What nodes and validators say alike. */
function placesOf(client: HttpClient, url: string): Pick<Source, "locate" | "metadata"> {
  return {
    locate: async (blobKey, signal) => {
      const claim = await client.json(`${url}/blobs/${blobKey}`, claimSchema, {
        maxBytes: 4096,
        deadlineMs: DEADLINE_MS,
        signal,
      });
      return { batchId: claim.batchId.toLowerCase() as Hex, index: claim.index };
    },
    metadata: (batchId, maxBytes, signal) =>
      client.bytes(`${url}/batches/${batchId}/metadata`, { maxBytes, deadlineMs: deadlineFor(maxBytes), signal }),
  };
}

export function nodeSource(client: HttpClient, url: string): Source {
  return {
    ...placesOf(client, url),
    name: url,
    kind: "node",
    columns: async () => null,
    column: (batchId, column, range, _rowCount, signal) => {
      const bytes = (range.to - range.from) * FRAME_ROW_BYTES;
      const url_ = `${url}/batches/${batchId}/columns/${column}?rows=${range.from}-${range.to - 1}`;
      return client.bytes(url_, { maxBytes: bytes, deadlineMs: deadlineFor(bytes), signal });
    },
    proofs: async (batchId, index, signal) => {
      const options = { maxBytes: PROOFS_BYTES, deadlineMs: PROOFS_DEADLINE_MS, signal };
      const proofs = await client.bytes(`${url}/batches/${batchId}/blobs/${index}/proofs`, options);
      if (proofs.length === PROOFS_BYTES) return proofs;
      throw new ZgError("LengthMismatch", { expected: PROOFS_BYTES, actual: proofs.length });
    },
    row: (batchId, row, signal) => {
      const deadlineMs = deadlineFor(EXTENDED_ROW_BYTES);
      const maxBytes = EXTENDED_ROW_BYTES;
      return client.bytes(`${url}/batches/${batchId}/rows/${row}`, { maxBytes, deadlineMs, signal });
    },
  };
}

/** Validators keep whole columns of a batch: the range is cut out here. */
export function validatorSource(client: HttpClient, url: string): Source {
  const unknown = (what: string) => async (): Promise<never> => {
    throw new ZgError("NotFound", { what });
  };
  return {
    ...placesOf(client, url),
    name: url,
    kind: "validator",
    proofs: unknown("proofs"),
    row: unknown("row"),
    columns: (batchId, signal) =>
      client.json(`${url}/batches/${batchId}/columns`, columnsSchema, {
        maxBytes: 4096,
        deadlineMs: DEADLINE_MS,
        signal,
      }),
    column: async (batchId, column, range, rowCount, signal) => {
      const bytes = rowCount * FRAME_ROW_BYTES;
      const frame = await client.bytes(`${url}/batches/${batchId}/columns/${column}`, {
        maxBytes: bytes,
        deadlineMs: deadlineFor(bytes),
        signal,
      });
      return cutFrame(frame, range, rowCount);
    },
  };
}

export function cutFrame(frame: Uint8Array, range: RowRange, rowCount: number): Uint8Array {
  if (frame.length !== rowCount * FRAME_ROW_BYTES) {
    throw new ZgError("LengthMismatch", { expected: rowCount * FRAME_ROW_BYTES, actual: frame.length });
  }
  return frame.subarray(range.from * FRAME_ROW_BYTES, range.to * FRAME_ROW_BYTES);
}

/** Bytes of proved data in a range of one column. */
export const cellBytes = ({ from, to }: RowRange): number => (to - from) * CELL_BYTES;
