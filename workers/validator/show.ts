/** A cell of what was sampled, with its proof under the batch's rowsRoot: what claims and audits show on chain. */
import type { Compute, VerifiedBatch } from "../../adapters/compute.ts";
import { parseFrame, verifiedCells } from "../../protocol/column.ts";
import { accepted, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodeMetadata } from "../../protocol/metadata.ts";
import { proveFramedCell } from "../../protocol/rowsProof.ts";
import type { CellPlace } from "../../protocol/sampling.ts";
import { isRecorded, metadataBytesOf } from "../chain-batch.ts";
import type { Shown } from "./calls.ts";
import type { Ledger } from "./ledger.ts";
import type { Nodes } from "./nodes.ts";
import type { Certified } from "./record.ts";

export interface ShowDeps {
  readonly ledger: Pick<Ledger, "sample" | "putSample" | "metadata" | "putMetadata">;
  readonly nodes: Pick<Nodes, "metadata" | "column">;
  readonly compute: Pick<Compute, "verifyBatch">;
}

/**
 * From what is kept; what a disk forgot is fetched again, because silence costs stake. Everything is held against the
 * recorded roots before it is shown.
 */
export const showCell = async (
  deps: ShowDeps,
  record: Certified,
  { row, column }: CellPlace,
  signal: AbortSignal,
): Promise<Shown> => {
  const { rowCount } = record.batch.facts;
  const segmentRoots = await rootsOf(deps, record, signal);
  const frame = await frameOf(deps, record, column, segmentRoots, signal);
  const { cell, path } = parseFrame(frame, rowCount)[row] ?? missing(record.batch.facts.batchId, row);
  return { cell: cell.slice(), proof: proveFramedCell(path, segmentRoots, row) };
};

const quiet = (): void => undefined;

const rootsOf = async ({ ledger, nodes, compute }: ShowDeps, { batch }: Certified, signal: AbortSignal) => {
  const { facts } = batch;
  const kept = ledger.metadata(facts.batchId);
  if (kept !== undefined && isRecorded(kept, facts)) return decodeMetadata(kept).segmentRoots;
  const check = async (bytes: Uint8Array): Promise<VerifiedBatch> => {
    if (!isRecorded(bytes, facts)) throw new ZgError("MetadataRootMismatch", { metadataRoot: facts.metadataRoot });
    const { batch: verified } = accepted(await compute.verifyBatch(bytes, facts));
    await ledger.putMetadata(batch, bytes);
    return verified;
  };
  const found = await nodes.metadata(facts.batchId, metadataBytesOf(facts), { check, complain: quiet, signal });
  return found.metadata.segmentRoots;
};

const frameOf = async (
  { ledger, nodes }: ShowDeps,
  { batch }: Certified,
  column: number,
  segmentRoots: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const { batchId, rowCount } = batch.facts;
  const kept = ledger.sample(batchId, column);
  if (kept !== undefined && holds(column, kept, segmentRoots)) return kept;
  const check = async (frame: Uint8Array): Promise<Uint8Array> => {
    verifiedCells(column, frame, segmentRoots);
    return frame;
  };
  const frame = await nodes.column(batchId, column, rowCount, { check, complain: quiet, signal });
  await ledger.putSample(batch, column, frame);
  return frame;
};

const holds = (column: number, frame: Uint8Array, segmentRoots: Uint8Array): boolean => {
  try {
    verifiedCells(column, frame, segmentRoots);
    return true;
  } catch {
    return false;
  }
};

const missing = (batchId: Hex, row: number): never => {
  throw new ZgError("BadRequest", { batchId, row });
};
