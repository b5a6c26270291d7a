/**
 * Whole rows, from nodes that keep a shard of the log: none of them has a whole column, together they may have each row.
 * A row proves itself by its segment root, and its data half is 64 columns of it.
 */
import type { ColumnPiece } from "../../adapters/compute.ts";
import { ZgError } from "../../protocol/errors.ts";
import { concat, equalBytes } from "../../protocol/hex.ts";
import { CELL_BYTES, DATA_COLUMNS, EXTENDED_ROW_BYTES, HASH_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, segmentRootsOf } from "../../protocol/tree.ts";
import { firstGood } from "./firstGood.ts";
import type { Location } from "./locate.ts";
import type { Report } from "./report.ts";
import type { Source } from "./source.ts";

export interface FetchRowsOptions {
  readonly location: Pick<Location, "batchId" | "firstRow" | "segmentRoots">;
  readonly sources: readonly Source[];
  /** Of the blob. */
  readonly rows: readonly number[];
  readonly report: Report;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
  readonly onRow?: () => void;
}

/** Rows that are on their way at once: 256 KiB each. */
const PARALLEL = 8;

/** @throws Unavailable when some row comes from nobody */
export async function fetchRows(options: FetchRowsOptions): Promise<ColumnPiece[]> {
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const rest = options.rows.values();
  const found = new Map<number, Uint8Array>();
  const fetchSome = async (): Promise<void> => {
    for (const row of rest) {
      found.set(row, await fetchRow(options, row, signal));
      options.onRow?.();
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, fetchSome));
    return piecesOf(found);
  } finally {
    done.abort();
  }
}

/** One extended row, 262,144 bytes. */
export async function fetchRow(
  o: Omit<FetchRowsOptions, "rows" | "onRow">,
  row: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { batchId, firstRow, segmentRoots } = o.location;
  const root = segmentRoots.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
  // Shards take rows in turn: whom the first row was asked of is unlikely to have the second.
  const at = row % o.sources.length;
  return firstGood({
    candidates: [...o.sources.slice(at), ...o.sources.slice(0, at)],
    hedgeMs: o.hedgeMs,
    signal,
    attempt: async (source, either) => {
      const bytes = await source.row(batchId, firstRow + row, either);
      if (bytes.length !== EXTENDED_ROW_BYTES) {
        throw new ZgError("LengthMismatch", { expected: EXTENDED_ROW_BYTES, actual: bytes.length });
      }
      if (!equalBytes(segmentRootsOf(cellRootsOf(bytes)), root)) {
        throw new ZgError("SegmentRootMismatch", { batchId, row: firstRow + row });
      }
      o.report.servedRow(source.name, bytes.length);
      return bytes;
    },
    onFailure: (source, error) => o.report.failed(source.name, error),
    onSlow: (source) => o.report.slow(source.name),
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ZgError("Unavailable", { batchId, row: firstRow + row, why: "no node gives this row" }, { cause });
  });
}

/** The data half of each row as columns; neighbours become one piece, so that a whole blob is 64 of them. */
function piecesOf(found: ReadonlyMap<number, Uint8Array>): ColumnPiece[] {
  const pieces: ColumnPiece[] = [];
  const rows = [...found.keys()].sort((a, b) => a - b);
  for (let i = 0; i < rows.length; ) {
    const firstRow = rows[i] as number;
    const run: Uint8Array[] = [];
    for (; i < rows.length && rows[i] === firstRow + run.length; i++)
      run.push(found.get(rows[i] as number) as Uint8Array);
    for (let column = 0; column < DATA_COLUMNS; column++) {
      const cells = run.map((row) => row.subarray(column * CELL_BYTES, (column + 1) * CELL_BYTES));
      pieces.push({ column, firstRow, cells: concat(...cells) });
    }
  }
  return pieces;
}
