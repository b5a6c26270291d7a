import { checkBatch } from "../../protocol/batchCheck.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import { rowOffsets } from "../../protocol/metadata.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { flaggedCorrupt, type ReadBatch, verdictOf } from "./chain.ts";
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
  /** A challenge of the batch was not answered in time: others may not get what this reader gets. */
  readonly withheld: boolean;
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
 * What a claim came to. `proved`: the recorded metadata shows the blob in the batch, so the chain's word about the batch is
 * its word about the blob. Otherwise anyone could have named any batch, and it is worth less than a node's "not found".
 */
class Finding extends Error {
  readonly error: ZgError;
  readonly proved: boolean;
  constructor(error: ZgError, proved: boolean) {
    super(error.message);
    this.error = error;
    this.proved = proved;
  }
}

type Failure = Pick<Finding, "error" | "proved">;

/**
 * Asks all nodes at once, and the validators when no node proves anything, and yields each distinct place the chain bears
 * out, as it is proved. Ends with the error that
 * says most if no place was proved; a lying or silent node can hide nothing that another node tells.
 */
export async function* locate(options: LocateOptions): AsyncGenerator<Location, void> {
  for (let round = 1; ; round++) {
    const failures: Failure[] = [];
    let proved = 0;
    for await (const location of askAll(ofKind(options, "node"), options, failures)) {
      proved += 1;
      yield location;
    }
    if (proved > 0) return;
    // Nodes that are all of one mind may deny a blob. Its signers have its metadata; what they say can only help.
    const unheard: Failure[] = [];
    for await (const location of askAll(ofKind(options, "validator"), options, unheard)) {
      proved += 1;
      yield location;
    }
    if (proved > 0) return;
    failures.push(...unheard.filter(isProved));
    const error = worst(failures, options.blobKey);
    const open = failures.some(
      (failure) => mayHeal(failure.error) && (claimed(failure) || error.code === "Unavailable"),
    );
    if (round === ROUNDS || failures.some(isProved) || !open) throw error;
    await pause(BETWEEN_ROUNDS_MS, options.signal);
    options.signal.throwIfAborted();
  }
}

/** What a node under load, or just starting, answers. */
const HEALING: ReadonlySet<ErrorCode> = new Set(["Timeout", "NodeDown", "Busy", "Stopping", "Internal"]);

const isProved = ({ error, proved }: Failure): boolean => proved && error.code !== "ChainUnreachable";
/** Somebody named a place, and whether the blob is there could not be found out. */
const claimed = (failure: Failure): boolean => failure instanceof Finding && !failure.proved;

function mayHeal({ code, cause }: ZgError): boolean {
  return HEALING.has(code) || (cause instanceof ZgError && HEALING.has(cause.code));
}

const ofKind = ({ sources }: LocateOptions, wanted: Source["kind"]): readonly Source[] =>
  sources.filter(({ kind }) => kind === wanted);

async function* askAll(
  asked: readonly Source[],
  options: LocateOptions,
  failures: Failure[],
): AsyncGenerator<Location, void> {
  const seen = new Set<string>();
  const visit = async (node: Source): Promise<Location | null> => {
    const claim = await node.locate(options.blobKey, options.signal);
    const key = `${claim.batchId}/${claim.index}`;
    // A second node with the same claim has nothing to add: the first one's check decides for both.
    if (seen.has(key)) return null;
    seen.add(key);
    return prove(claim, node, options);
  };
  const open = new Map(
    asked.map((node) => [
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
      const failure = failureOf(done.error);
      if (failure.error.code !== "NotFound") options.report.failed(done.node.name, failure.error);
      failures.push(failure);
    } else if (done.location !== null) yield done.location;
  }
}

/** A node's own words prove nothing, whatever code it uses. */
function failureOf(error: unknown): Failure {
  if (error instanceof Finding) return error;
  return { error: error instanceof ZgError ? error : new ZgError("Internal", {}, { cause: error }), proved: false };
}

async function prove(claim: Claim, claimant: Source, o: LocateOptions): Promise<Location> {
  const batch = await o.readBatch(claim.batchId, claim.index).catch((error: unknown) => {
    throw error instanceof ZgError ? new Finding(error, error.code === "ChainUnreachable") : error;
  });
  if (batch === null) throw new ZgError("BadResponse", { why: "the chain has no such batch", batchId: claim.batchId });
  const verdict = verdictOf(batch);
  const { facts } = batch;
  const metadata = await firstGood({
    candidates: [
      claimant,
      ...[...ofKind(o, "node"), ...ofKind(o, "validator")].filter((source) => source !== claimant),
    ],
    hedgeMs: o.hedgeMs,
    signal: o.signal,
    attempt: async (node, signal) =>
      checkBatch(await node.metadata(facts.batchId, facts.metadataLength, signal), facts),
    onFailure: (node, error) => o.report.failed(node.name, error),
    onSlow: (node) => o.report.slow(node.name),
  }).catch((cause: unknown) => {
    const why = "nobody gives the recorded metadata";
    throw new Finding(verdict ?? new ZgError("Unavailable", { batchId: facts.batchId, why }, { cause }), false);
  });
  const header = metadata.headers[claim.index];
  if (header === undefined || blobKeyOf(header) !== o.blobKey) {
    throw new ZgError("BadResponse", { why: "the blob is not there", batchId: claim.batchId, index: claim.index });
  }
  if (verdict !== null) throw new Finding(verdict, true);
  if (batch.corrupt.includes(claim.index)) throw new Finding(flaggedCorrupt(claim.batchId, claim.index), true);
  const firstRow = rowOffsets(metadata.headers)[claim.index] as number;
  return {
    batchId: claim.batchId,
    index: claim.index,
    header,
    firstRow,
    rowCount: facts.rowCount,
    withheld: batch.withheld,
    segmentRoots: metadata.segmentRoots.slice(firstRow * HASH_BYTES, (firstRow + header.rows) * HASH_BYTES),
  };
}

const ORDER: readonly ErrorCode[] = [
  "CorruptEncoding",
  "Expired",
  "NotYetAvailable",
  "Unavailable",
  "ChainUnreachable",
];

/**
 * The chain's words about the blob first; then that a node does not know it; then the chain's words about batches that
 * somebody named and nobody could look into, which are right where nobody lies. A node that is down proves nothing.
 */
function worst(failures: readonly Failure[], blobKey: Hex): ZgError {
  const first = (among: readonly Failure[]): ZgError | undefined =>
    ORDER.map((code) => among.find(({ error }) => error.code === code)?.error).find((error) => error !== undefined);
  const proved = first(failures.filter((failure) => failure.proved));
  if (proved !== undefined) return proved;
  if (failures.some(({ error }) => error.code === "NotFound")) return new ZgError("NotFound", { blobKey });
  const named = first(failures.filter((failure) => failure instanceof Finding));
  if (named !== undefined) return named;
  const answers = failures.map(({ error }) => error.code).join(", ") || "there is no node to ask";
  return new ZgError("Unavailable", { blobKey, why: "no storage node gives an answer that can be proved", answers });
}
