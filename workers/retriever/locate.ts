import { checkBatch } from "../../protocol/batchCheck.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import { rowOffsets } from "../../protocol/metadata.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { type ReadBatch, verdictOf } from "./chain.ts";
import { firstGood, pause } from "./firstGood.ts";
import type { Report } from "./report.ts";
import type { Claim, Source } from "./source.ts";

/** A blob's place, proved by the chain's record: everything that follows is checked against these roots. */
export interface Location {
  readonly batchId: Hex;
  readonly index: number;
  readonly header: BlobHeader;
  /** First row of the blob in the batch, and the batch's row count. */
  readonly firstRow: number;
  readonly rowCount: number;
  /** header.rows × 32 bytes. */
  readonly segmentRoots: Uint8Array;
}

export interface LocateOptions {
  readonly blobKey: Hex;
  readonly sources: readonly Source[];
  readonly readBatch: ReadBatch;
  readonly report: Report;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
}

/** Every node is asked again if the first round brought nothing but failures that may heal; a second look is cheap. */
const ROUNDS = 2;
const BETWEEN_ROUNDS_MS = 500;

/**
 * Asks all nodes at once and yields each distinct place the chain bears out, as it is proved. Ends with the error that
 * says most if no place was proved; a lying or silent node can hide nothing that another node tells.
 */
export async function* locate(options: LocateOptions): AsyncGenerator<Location, void> {
  for (let round = 1; ; round++) {
    const failures: ZgError[] = [];
    let proved = 0;
    for await (const location of askAll(options, failures)) {
      proved += 1;
      yield location;
    }
    if (proved > 0) return;
    const error = worst(failures, options.blobKey);
    if (round === ROUNDS || error.code !== "Unavailable" || !failures.some(mayHeal)) throw error;
    await pause(BETWEEN_ROUNDS_MS, options.signal);
    options.signal.throwIfAborted();
  }
}

/** What a node under load, or just starting, answers. */
const HEALING: ReadonlySet<ErrorCode> = new Set(["Timeout", "NodeDown", "Busy", "Stopping", "Internal"]);

function mayHeal({ code, cause }: ZgError): boolean {
  return HEALING.has(code) || (cause instanceof ZgError && HEALING.has(cause.code));
}

async function* askAll(options: LocateOptions, failures: ZgError[]): AsyncGenerator<Location, void> {
  const nodes = options.sources.filter(({ kind }) => kind === "node");
  const seen = new Set<string>();
  const visit = async (node: Source): Promise<Location | null> => {
    const claim = await node.locate(options.blobKey, options.signal);
    const key = `${claim.batchId}/${claim.index}`;
    // A second node with the same claim has nothing to add: the first one's check decides for both.
    if (seen.has(key)) return null;
    seen.add(key);
    return prove(claim, node, nodes, options);
  };
  const open = new Map(
    nodes.map((node) => [
      node,
      visit(node).then(
        (location) => ({ node, location }),
        (error: unknown) => ({ node, error }),
      ),
    ]),
  );
  while (open.size > 0) {
    const done = await Promise.race(open.values());
    options.signal.throwIfAborted();
    open.delete(done.node);
    if ("error" in done) {
      const error = done.error instanceof ZgError ? done.error : new ZgError("Internal", {}, { cause: done.error });
      if (error.code !== "NotFound") options.report.failed(done.node.name, error);
      failures.push(error);
    } else if (done.location !== null) yield done.location;
  }
}

async function prove(claim: Claim, claimant: Source, nodes: readonly Source[], o: LocateOptions): Promise<Location> {
  const batch = await o.readBatch(claim.batchId);
  if (batch === null) throw new ZgError("BadResponse", { why: "the chain has no such batch", batchId: claim.batchId });
  const verdict = verdictOf(batch);
  if (verdict !== null) throw verdict;
  const { facts } = batch;
  const metadata = await firstGood({
    candidates: [claimant, ...nodes.filter((node) => node !== claimant)],
    hedgeMs: o.hedgeMs,
    signal: o.signal,
    attempt: async (node, signal) =>
      checkBatch(await node.metadata(facts.batchId, facts.metadataLength, signal), facts),
    onFailure: (node, error) => o.report.failed(node.name, error),
    onSlow: (node) => o.report.slow(node.name),
  }).catch((cause: unknown) => {
    throw new ZgError("Unavailable", { batchId: facts.batchId, why: "no node gives the recorded metadata" }, { cause });
  });
  const header = metadata.headers[claim.index];
  if (header === undefined || blobKeyOf(header) !== o.blobKey) {
    throw new ZgError("BadResponse", { why: "the blob is not there", batchId: claim.batchId, index: claim.index });
  }
  const firstRow = rowOffsets(metadata.headers)[claim.index] as number;
  return {
    batchId: claim.batchId,
    index: claim.index,
    header,
    firstRow,
    rowCount: facts.rowCount,
    segmentRoots: metadata.segmentRoots.slice(firstRow * HASH_BYTES, (firstRow + header.rows) * HASH_BYTES),
  };
}

/** The chain's own words first; then what honest nodes say; a node that is down proves nothing. */
const ORDER: readonly ErrorCode[] = ["Expired", "NotYetAvailable", "Unavailable", "ChainUnreachable", "NotFound"];

function worst(failures: readonly ZgError[], blobKey: Hex): ZgError {
  for (const code of ORDER) {
    const found = failures.find((error) => error.code === code);
    if (found !== undefined) return code === "NotFound" ? new ZgError("NotFound", { blobKey }) : found;
  }
  const answers = failures.map(({ code }) => code).join(", ") || "there is no node to ask";
  return new ZgError("Unavailable", { blobKey, why: "no storage node gives an answer that can be proved", answers });
}
