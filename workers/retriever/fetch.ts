import type { ColumnPiece, Compute } from "../../adapters/compute.ts";
import { asZgError } from "../../adapters/errors.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { DATA_COLUMNS, HASH_BYTES } from "../../protocol/params.ts";
import { createBoard, type RowRange } from "./board.ts";
import { type Attempt, createCandidates, type Holder } from "./candidates.ts";
import { pause } from "./firstGood.ts";
import type { Location } from "./locate.ts";
import type { Report } from "./report.ts";
import { fetchRows } from "./rows.ts";
import { cellBytes, type Source } from "./source.ts";

export interface FetchOptions {
  readonly location: Location;
  readonly sources: readonly Source[];
  readonly compute: Pick<Compute, "verifyCells">;
  readonly report: Report;
  /** Requests in flight that are not overdue. */
  readonly parallel: number;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
  /** Proved bytes so far, of the bytes that 64 columns have. */
  readonly onBytes?: (bytes: number, total: number) => void;
}

/**
 * Proved cells that decode every row of the blob: at least 64 columns of each row, from whoever has them.
 *
 * @throws Unavailable as soon as some row can no longer get 64 columns from anyone
 */
export async function fetchColumns(options: FetchOptions): Promise<ColumnPiece[]> {
  const { location, report } = options;
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const board = createBoard(location.header.rows);
  const candidates = createCandidates(board, await holdersOf(options, signal));
  const pieces: ColumnPiece[] = [];
  const total = location.header.rows * DATA_COLUMNS * cellBytes({ from: 0, to: 1 });
  const running = new Set<Promise<void>>();
  /** Nodes that have some rows of the blob and not others, so that no column of theirs is whole. */
  const partial = new Set<Source>();
  let bytes = 0;
  let wake = Promise.withResolvers<void>();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

  const ask = async (attempt: Attempt): Promise<void> => {
    const range = board.wanted(attempt.column);
    if (range === null) return candidates.ended(attempt, true);
    let proved = false;
    try {
      const fetched = await proveColumn(options, attempt, range, signal);
      if (signal.aborted) return;
      for (const piece of fetched.pieces) {
        const rows = { from: piece.firstRow, to: piece.firstRow + piece.cells.length / cellBytes({ from: 0, to: 1 }) };
        board.add(piece.column, rows);
        pieces.push(piece);
        bytes += piece.cells.length;
        report.served(attempt.source.name, piece.cells.length);
      }
      if (fetched.refuted !== null) throw fetched.refuted;
      proved = true;
    } catch (error) {
      if (signal.aborted) return;
      report.failed(attempt.source.name, error);
      const { code } = asZgError(error);
      if (ROWS_ARE_MISSING.has(code)) partial.add(attempt.source);
      if (OF_ANOTHER_SHARD.has(code)) candidates.retire(attempt.source);
    } finally {
      candidates.ended(attempt, proved);
    }
    options.onBytes?.(Math.min(bytes, total), total);
  };

  /** Columns do not suffice: what is still missing comes in whole rows from the nodes that have some. */
  const restInRows = async (): Promise<ColumnPiece[]> => {
    const rows = board.poor();
    if (partial.size === 0) throw unavailable(location, board.fewest());
    const onRow = (): void => {
      bytes += DATA_COLUMNS * cellBytes({ from: 0, to: 1 });
      options.onBytes?.(Math.min(bytes, total), total);
    };
    const found = await fetchRows({ ...options, signal, sources: [...partial], rows, onRow }).catch(
      (error: unknown) => {
        options.signal.throwIfAborted();
        throw error;
      },
    );
    return [...pieces, ...found];
  };

  try {
    while (board.need() > 0) {
      options.signal.throwIfAborted();
      if (!board.possible(candidates.hopeful())) return await restInRows();
      while (candidates.active() < Math.min(options.parallel, board.need())) {
        const attempt = candidates.next();
        if (attempt === null) break;
        const answer = ask(attempt).finally(() => running.delete(answer));
        running.add(answer);
        void pause(options.hedgeMs, signal).then(() => {
          if (!running.has(answer) || signal.aborted) return;
          report.slow(attempt.source.name);
          candidates.late(attempt);
          wake.resolve();
        });
      }
      if (running.size === 0) return await restInRows();
      await Promise.race([...running, wake.promise, aborted]);
      wake = Promise.withResolvers<void>();
    }
    return pieces;
  } finally {
    done.abort();
  }
}

/** A node of a shard has some rows; so has one whose disk forgot the others. */
const OF_ANOTHER_SHARD: ReadonlySet<ErrorCode> = new Set(["NotInShard", "Pruned"]);
const ROWS_ARE_MISSING: ReadonlySet<ErrorCode> = new Set([...OF_ANOTHER_SHARD, "NotStaged", "CorruptObject"]);

/** Nodes may hold anything; a validator says which columns it sampled. Who does not say in time is not waited for. */
async function holdersOf({ sources, location, hedgeMs }: FetchOptions, signal: AbortSignal): Promise<Holder[]> {
  const holders = sources.map(async (source): Promise<Holder | null> => {
    if (source.kind === "node") return { source, columns: null };
    const said = source.columns(location.batchId, signal).catch(() => [] as number[]);
    const columns = await Promise.race([said, pause(hedgeMs, signal)]);
    if (columns === undefined) return null;
    return { source, columns: columns === null ? null : new Set(columns) };
  });
  return (await Promise.all(holders)).filter((holder) => holder !== null);
}

interface ProvedColumn {
  readonly pieces: readonly ColumnPiece[];
  /** What is wrong with the rows that were not proved. */
  readonly refuted: ZgError | null;
}

/** Checks a range as a whole; if that fails, row by row, so that one bad row costs one row. */
async function proveColumn(
  { location, compute }: FetchOptions,
  { column, source }: Attempt,
  range: RowRange,
  signal: AbortSignal,
): Promise<ProvedColumn> {
  const inBatch = { from: location.firstRow + range.from, to: location.firstRow + range.to };
  const frame = await source.column(location.batchId, column, inBatch, location.rowCount, signal);
  const check = (from: number, to: number, part: Uint8Array) =>
    compute.verifyCells(column, part, location.segmentRoots.subarray(from * HASH_BYTES, to * HASH_BYTES));
  const whole = await check(range.from, range.to, frame);
  if (whole.ok) return { pieces: [{ column, firstRow: range.from, cells: whole.cells }], refuted: null };
  const refuted = new ZgError(whole.code, whole.fields);
  const rows = range.to - range.from;
  if (whole.code !== "CellPathMismatch" || rows === 1) return { pieces: [], refuted };
  const size = frame.length / rows;
  const pieces: ColumnPiece[] = [];
  for (let row = 0; row < rows; row++) {
    const firstRow = range.from + row;
    const one = await check(firstRow, firstRow + 1, frame.subarray(row * size, (row + 1) * size));
    if (one.ok) pieces.push({ column, firstRow, cells: one.cells });
  }
  return { pieces, refuted };
}

const unavailable = ({ batchId }: Location, columns: number): ZgError =>
  new ZgError("Unavailable", { batchId, columns, needed: DATA_COLUMNS });
