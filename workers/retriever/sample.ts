import { randomInt } from "node:crypto";
import type { Compute } from "../../adapters/compute.ts";
import { asZgError } from "../../adapters/errors.ts";
import { accepted, type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { COLUMNS } from "../../protocol/params.ts";
import { firstGood } from "./firstGood.ts";
import type { Report } from "./report.ts";
import type { Target } from "./sampleTarget.ts";
import { cellBytes, type Source } from "./source.ts";

export interface SampleOptions {
  readonly target: Target;
  /** How many columns to draw. */
  readonly samples: number;
  readonly sources: readonly Source[];
  readonly compute: Pick<Compute, "verifyColumn">;
  readonly report: Report;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
  readonly onColumn?: (verified: number, of: number) => void;
  /** Default: drawn with the system's randomness. */
  readonly columns?: readonly number[];
}

export interface Sampled {
  /** Columns drawn, in the order in which they were drawn. */
  readonly columns: readonly number[];
  /** Those that were fetched and proved. */
  readonly verified: readonly number[];
  /** Why each of the others was not, by column. */
  readonly failed: Readonly<Record<number, string>>;
}

/** Columns of which many are asked for at a time tell a server more at once, and come faster. */
const LANES = 8;

/**
 * Samples as anyone: columns that nobody can foresee, from whoever has them, each proved as a validator proves it. A node
 * learns a column when it is asked for it and not before.
 */
export async function sampleColumns(options: SampleOptions): Promise<Sampled> {
  const { target, report, onColumn } = options;
  const columns = options.columns ?? draw(options.samples);
  const verified: number[] = [];
  const failed: Record<number, string> = {};
  const queue = [...columns];
  const lane = async (): Promise<void> => {
    for (let column = queue.shift(); column !== undefined; column = queue.shift()) {
      try {
        const source = await proveColumn(options, column);
        report.served(source.name, rowsOf(target) * cellBytes({ from: 0, to: 1 }));
        verified.push(column);
        onColumn?.(verified.length, columns.length);
      } catch (error) {
        options.signal.throwIfAborted();
        failed[column] = asZgError(error).code;
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { columns, verified: columns.filter((column) => verified.includes(column)), failed };
}

const rowsOf = ({ rows }: Target): number => rows.to - rows.from;

/** What says more of a column than that somebody did not have it. */
const TELLING: ReadonlySet<ErrorCode> = new Set(["ColumnProofMismatch", "NonCanonicalElement", "BadPoint"]);

/** From the first source whose column holds; nodes first, in an order of their own for each column. */
async function proveColumn(options: SampleOptions, column: number): Promise<Source> {
  const { sources, report, hedgeMs, signal } = options;
  const of = (kind: Source["kind"]): Source[] => shuffled(sources.filter((source) => source.kind === kind));
  const failures: ZgError[] = [];
  return firstGood({
    candidates: [...of("node"), ...of("validator")],
    attempt: async (source, within) => {
      await proveFrom(options, source, column, within);
      return source;
    },
    ...{ hedgeMs, signal },
    onFailure: (source, error) => {
      failures.push(asZgError(error));
      // A validator has the columns that it drew; that it lacks others is no fault of its.
      if (source.kind === "node") report.failed(source.name, error);
    },
    onSlow: (source) => report.slow(source.name),
  }).catch((last: unknown) => {
    throw failures.find(({ code }) => TELLING.has(code)) ?? failures[0] ?? last;
  });
}

async function proveFrom(
  { target, compute }: SampleOptions,
  source: Source,
  column: number,
  signal: AbortSignal,
): Promise<void> {
  const frame = await source.column(target.batchId, column, target.rows, target.rowCount, signal);
  let last: unknown;
  for (let attempt = 0; attempt < target.attempts; attempt++) {
    try {
      accepted(await compute.verifyColumn(await target.against(attempt, signal), column, frame));
      return;
    } catch (error) {
      last = error;
      // The column is what its paths say: only the proof it was held against can be at fault.
      if (!(error instanceof ZgError) || error.code === "CellPathMismatch" || error.code === "LengthMismatch") break;
    }
  }
  throw last;
}

function draw(samples: number): number[] {
  if (!Number.isInteger(samples) || samples < 1 || samples > COLUMNS) {
    throw new ZgError("BadRequest", { option: "--samples", samples, least: 1, most: COLUMNS });
  }
  return shuffled(Array.from({ length: COLUMNS }, (_, column) => column)).slice(0, samples);
}

function shuffled<T>(items: readonly T[]): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
