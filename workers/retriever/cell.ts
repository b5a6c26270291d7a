/** One cell of a batch, from whoever gives it, proved under what the chain has on record: no header is needed. */
import { ZgError } from "../../protocol/errors.ts";
import { submissionOfRows } from "../../protocol/flow.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodeMetadata, metadataLength } from "../../protocol/metadata.ts";
import { CELL_BYTES } from "../../protocol/params.ts";
import { type CellPlace, type ShownCell, showCell } from "../../protocol/rowsProof.ts";
import { type ReadBatch, verdictOf } from "./chain.ts";
import { firstGood } from "./firstGood.ts";
import type { Report } from "./report.ts";
import type { Source } from "./source.ts";

export interface CellOptions {
  readonly batchId: Hex;
  readonly at: CellPlace;
  readonly sources: readonly Source[];
  readonly readBatch: ReadBatch;
  readonly report: Report;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
}

/** @throws UnknownBatch, NotYetAvailable, Expired; Unavailable when nobody gives it */
export async function fetchCell(options: CellOptions): Promise<ShownCell & { readonly source: string }> {
  const { batchId, at, sources, readBatch, report, hedgeMs, signal } = options;
  const batch = await readBatch(batchId);
  if (batch === null) throw new ZgError("UnknownBatch", { batchId });
  const verdict = verdictOf(batch);
  if (verdict !== null) throw verdict;
  const { facts } = batch;
  const { row } = at;
  if (row >= facts.rowCount) throw new ZgError("BadRequest", { row, rowCount: facts.rowCount });
  const asked = {
    ...{ hedgeMs, signal },
    onFailure: (source: Source, error: unknown) => report.failed(source.name, error),
    onSlow: (source: Source) => report.slow(source.name),
  };
  const unavailable = (why: string) => (cause: unknown) => {
    signal.throwIfAborted();
    throw new ZgError("Unavailable", { batchId, ...at, why }, { cause });
  };
  const segmentRoots = await firstGood({
    ...asked,
    candidates: sources,
    attempt: async (node, within) => {
      const bytes = await node.metadata(batchId, metadataLength(facts.blobCount, facts.rowCount), within);
      const roots = decodeMetadata(bytes).segmentRoots;
      const actual = submissionOfRows(roots).identity;
      if (actual !== facts.rowsRoot) throw new ZgError("RowsRootMismatch", { actual, recorded: facts.rowsRoot });
      return roots;
    },
  }).catch(unavailable("nobody gives metadata that fit the record"));
  return firstGood({
    ...asked,
    candidates: sources,
    attempt: async (source, within) => {
      const frame = await source.column(batchId, at.column, { from: row, to: row + 1 }, facts.rowCount, within);
      const shown = showCell(frame, segmentRoots, at, facts);
      report.served(source.name, CELL_BYTES);
      return { ...shown, source: source.name };
    },
  }).catch(unavailable("nobody gives the cell"));
}
