/**
 * What is to be proved against a blob that is CorruptEncoding, from columns as readers get them: the cheapest proof that
 * DAEntrance takes (protocol/fraud.ts). Nobody is believed: columns are what the recorded roots say, the polynomial is what
 * the header's commitment says.
 */
import type { Compute, Opening, VerifiedBatch } from "../../adapters/compute.ts";
import { batchTree } from "../../protocol/batch.ts";
import { frameRow } from "../../protocol/column.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import {
  type BlobColumn,
  committedRow,
  findFraud,
  type MalformedProof,
  proveCorrupt,
  proveMalformed,
  type RowsPart,
} from "../../protocol/fraud.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import { concat, type Hex, toHex } from "../../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, DATA_COLUMNS, HASH_BYTES } from "../../protocol/params.ts";
import { cellRootsOf } from "../../protocol/tree.ts";
import { firstGood } from "./firstGood.ts";
import { type Location, locate } from "./locate.ts";
import { fetchRow } from "./rows.ts";
import { batchTarget, type TargetOptions } from "./sampleTarget.ts";
import { cutFrame, type Source } from "./source.ts";

export interface ChargeOptions extends TargetOptions {
  readonly blobKey: Hex;
  readonly compute: Pick<Compute, "verifyBatch" | "verifyCommitments" | "verifyColumn"> & FraudCompute;
  readonly onColumn?: (read: number, of: number) => void;
}
type FraudCompute = Pick<Compute, "extendRows" | "commitBlob" | "openBlob">;

export interface Charge {
  readonly batchId: Hex;
  readonly index: number;
  readonly header: BlobHeader;
  /** Siblings of the header under the batchRoot. */
  readonly path: readonly Hex[];
  readonly proof:
    | ({ readonly kind: "malformed" } & MalformedProof)
    | {
        readonly kind: "corrupt";
        readonly position: number;
        /** The last is for `proveCorrupt`, those before for `sumRows`. */
        readonly parts: readonly RowsPart[];
        readonly opening: Opening;
      };
}

/**
 * @throws what `retrieve` throws while it looks for the blob; Unavailable when too few columns came to know; NotFound when
 * what came has no fault
 */
export async function findCharge(options: ChargeOptions): Promise<Charge> {
  const { readBatch } = options;
  // A blob that is flagged already is found all the same: who wants to know asks the chain first.
  const unflagged: typeof readBatch = async (batchId) => {
    const batch = await readBatch(batchId);
    return batch && { ...batch, corrupt: [] };
  };
  for await (const location of locate({ ...options, readBatch: unflagged })) {
    const target = await batchTarget(location.batchId, options);
    const batch = await target.against(0, options.signal);
    const { batchId, index, header } = location;
    const path = hashesOf(batchTree(batch.metadata.headers).path(index));
    return { batchId, index, header, path, proof: await findProof(options, location, batch) };
  }
  throw new ZgError("NotFound", { blobKey: options.blobKey });
}

/** Columns that are asked for at a time. */
const LANES = 8;

async function findProof(options: ChargeOptions, location: Location, batch: VerifiedBatch): Promise<Charge["proof"]> {
  const { compute, signal, onColumn } = options;
  const fetchColumn = columnsOf(options, location, batch);
  /** Columns of the blob: those that agree with the batch's commitment, and all. */
  const passing: BlobColumn[] = [];
  const held: BlobColumn[] = [];
  let committed: Committed | undefined;
  for (let from = 0; from < COLUMNS; from += LANES) {
    signal.throwIfAborted();
    const columns = Array.from({ length: LANES }, (_, i) => from + i);
    const found = await Promise.all(columns.map(fetchColumn));
    for (const { blob, passes } of found.filter((one) => one !== null)) {
      const fraud = findFraud(blob);
      // One sector is less than one of each row.
      if (fraud?.kind === "malformed") return { kind: "malformed", ...proveMalformed(blob, fraud) };
      held.push(blob);
      if (passes) passing.push(blob);
    }
    onColumn?.(from + LANES, COLUMNS);
    if (from + LANES < DATA_COLUMNS || passing.length < DATA_COLUMNS) continue;
    committed ??= await committedTo(compute, location.header, passing.slice(0, DATA_COLUMNS));
    for (const blob of held.splice(0)) {
      const at = blob.column * CELL_BYTES;
      const fraud = findFraud(blob, committed.extended.slice(at, at + CELL_BYTES));
      if (fraud === undefined) continue;
      const opening = await compute.openBlob(committed.q, fraud.position);
      return { kind: "corrupt", position: fraud.position, parts: proveCorrupt(blob, fraud.position), opening };
    }
  }
  const { batchId, index } = location;
  if (passing.length < DATA_COLUMNS) {
    const why = "too few columns came: what is withheld can be asked for with `challenge`";
    throw new ZgError("Unavailable", { batchId, index, columns: passing.length, needed: DATA_COLUMNS, why });
  }
  throw new ZgError("NotFound", { batchId, index, why: "the columns that came have no fault" });
}

interface Committed {
  /** 131,072 bytes */
  readonly q: Uint8Array;
  /** Its 128 cells. */
  readonly extended: Uint8Array;
}

async function committedTo(
  compute: FraudCompute,
  { commitment }: BlobHeader,
  columns: readonly BlobColumn[],
): Promise<Committed> {
  const q = committedRow(columns);
  const actual = await compute.commitBlob(q);
  if (actual !== commitment) throw new ZgError("CommitmentMismatch", { commitment, actual });
  return { q, extended: (await compute.extendRows(q)).extended };
}

/** The column is what the recorded roots say, and is at fault itself. */
const REFUTED: ReadonlySet<ErrorCode> = new Set(["ColumnProofMismatch", "NonCanonicalElement", "BadPoint"]);

type Fetched = { readonly blob: BlobColumn; readonly passes: boolean } | null;

/** The blob's part of a column of the batch, from whoever gives it; null: nobody does. */
function columnsOf(options: ChargeOptions, location: Location, batch: VerifiedBatch) {
  const { sources, compute, report, hedgeMs, signal } = options;
  const { batchId, header, firstRow, rowCount } = location;
  const nodes = sources.filter(({ kind }) => kind === "node");
  let rows: Promise<readonly Uint8Array[] | null> | undefined;

  const judge = async (column: number, frame: Uint8Array): Promise<Fetched> => {
    const verdict = await compute.verifyColumn(batch, column, frame);
    if (!verdict.ok && !REFUTED.has(verdict.code)) throw new ZgError(verdict.code, verdict.fields);
    const frames = cutFrame(frame, { from: firstRow, to: firstRow + header.rows }, rowCount).slice();
    return { blob: { header, column, frames }, passes: verdict.ok };
  };
  const fromSource = async (source: Source, column: number, within: AbortSignal): Promise<Fetched> => {
    const fetched = await judge(
      column,
      await source.column(batchId, column, { from: 0, to: rowCount }, rowCount, within),
    );
    report.served(source.name, rowCount * CELL_BYTES);
    return fetched;
  };
  /** All rows, once: where each node keeps some of them, none has a whole column. */
  const fromRows = async (column: number): Promise<Fetched> => {
    const all = { batchId, firstRow: 0, segmentRoots: batch.metadata.segmentRoots };
    rows ??= inTurn(rowCount, (row) => fetchRow({ ...options, sources: nodes, location: all }, row, signal)).catch(
      () => null,
    );
    const extended = await rows;
    if (extended === null) return null;
    return judge(column, concat(...extended.map((row) => frameRow(row, cellRootsOf(row), column))));
  };
  return (column: number): Promise<Fetched> =>
    firstGood({
      candidates: sources,
      attempt: (source, within) => fromSource(source, column, within),
      ...{ hedgeMs, signal },
      onFailure: (source, error) => {
        if (source.kind === "node") report.failed(source.name, error);
      },
      onSlow: (source) => report.slow(source.name),
    }).catch(() => {
      signal.throwIfAborted();
      return fromRows(column);
    });
}

async function inTurn<T>(count: number, get: (i: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let i = 0; i < count; i++) all.push(await get(i));
  return all;
}

const hashesOf = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => toHex(bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
