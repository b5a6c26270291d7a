import { ZgError } from "../../protocol/errors.ts";

/** How one source behaved during one retrieval. */
export interface SourceReport {
  readonly source: string;
  /** Proved columns, and proved bytes of cells. */
  columns: number;
  bytes: number;
  /** Proved whole rows. */
  rows: number;
  /** Answers that a proof refuted, or that were not of the form that was asked for. */
  lied: number;
  /** Answers that came after the soft deadline, or never. */
  slow: number;
  /** Honest refusals: not found, not staged, busy, not reachable. */
  refused: number;
  /** Error codes and how often each came. */
  readonly codes: Record<string, number>;
}

export interface Report {
  served(source: string, bytes: number): void;
  servedRow(source: string, bytes: number): void;
  slow(source: string): void;
  failed(source: string, error: unknown): void;
  /** Sources in the order in which they were first heard of. */
  sources(): SourceReport[];
}

/** Codes that only a source that does not follow the protocol can cause; all others are honest, if unhelpful. */
const LIES: ReadonlySet<string> = new Set([
  "BadResponse",
  "LengthMismatch",
  "CellPathMismatch",
  "SegmentRootMismatch",
  "NonCanonicalElement",
  "MalformedHex",
  "BadVersion",
  "BadHeader",
  "BadMetadata",
  "DuplicateBlob",
  "CountMismatch",
  "SubmitterMismatch",
  "BatchRootMismatch",
  "DataRootMismatch",
  "RowsRootMismatch",
  "MetadataRootMismatch",
  "BatchTooLarge",
]);

export const isLie = (code: string): boolean => LIES.has(code);

/** Names who lied and who was slow: a retrieval that succeeds still says whom not to ask next time. */
export function createReport(): Report {
  const bySource = new Map<string, SourceReport>();
  const of = (source: string): SourceReport => {
    const known = bySource.get(source) ?? {
      source,
      columns: 0,
      bytes: 0,
      rows: 0,
      lied: 0,
      slow: 0,
      refused: 0,
      codes: {},
    };
    bySource.set(source, known);
    return known;
  };
  return {
    served: (source, bytes) => {
      const entry = of(source);
      entry.columns += 1;
      entry.bytes += bytes;
    },
    servedRow: (source, bytes) => {
      const entry = of(source);
      entry.rows += 1;
      entry.bytes += bytes;
    },
    slow: (source) => {
      of(source).slow += 1;
    },
    failed: (source, error) => {
      const entry = of(source);
      const code = error instanceof ZgError ? error.code : "Internal";
      entry.codes[code] = (entry.codes[code] ?? 0) + 1;
      if (code === "Timeout") entry.slow += 1;
      else if (isLie(code)) entry.lied += 1;
      else entry.refused += 1;
    },
    sources: () => [...bySource.values()],
  };
}
