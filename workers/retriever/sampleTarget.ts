/** What a light client samples: a whole batch against its combined commitment, or one blob of it against its own. */
import type { Compute, VerifiedBatch } from "../../adapters/compute.ts";
import { rowCoefficients } from "../../protocol/challenge.ts";
import { accepted, ZgError } from "../../protocol/errors.ts";
import { concat, fromHex, type Hex, word } from "../../protocol/hex.ts";
import { metadataLength } from "../../protocol/metadata.ts";
import type { BatchOnChain, ReadBatch } from "./chain.ts";
import { firstGood } from "./firstGood.ts";
import { type Location, locate } from "./locate.ts";
import type { Report } from "./report.ts";
import type { Source } from "./source.ts";

export interface Target {
  readonly batchId: Hex;
  /** The blob's place; absent: the whole batch. */
  readonly blob?: { readonly blobKey: Hex; readonly index: number };
  readonly status: BatchOnChain["status"];
  /** A challenge of the batch was not answered in time. */
  readonly withheld: boolean;
  /** Blobs of the batch that were proved to encode nothing. */
  readonly corrupt: readonly number[];
  /** Rows of the batch that are sampled, and how many the batch has. */
  readonly rows: { readonly from: number; readonly to: number };
  readonly rowCount: number;
  /**
   * What a column is verified against. Of a blob alone the proofs come from a node on request; where those of one do not
   * hold, another's are tried.
   */
  readonly against: (attempt: number, signal: AbortSignal) => Promise<VerifiedBatch>;
  /** How many different answers `against` has. */
  readonly attempts: number;
}

export interface TargetOptions {
  readonly sources: readonly Source[];
  readonly readBatch: ReadBatch;
  readonly compute: Pick<Compute, "verifyBatch" | "verifyCommitments">;
  readonly report: Report;
  readonly hedgeMs: number;
  readonly signal: AbortSignal;
}

/** @throws UnknownBatch, Unavailable (nobody gives the recorded metadata), or what is wrong with the recorded metadata */
export async function batchTarget(batchId: Hex, options: TargetOptions): Promise<Target> {
  const { sources, readBatch, compute, report, hedgeMs, signal } = options;
  const onChain = await readBatch(batchId);
  if (onChain === null) throw new ZgError("UnknownBatch", { batchId });
  const { facts, status, withheld, corrupt } = onChain;
  const bytes = metadataLength(facts.blobCount, facts.rowCount);
  const verified = await firstGood({
    candidates: sources,
    attempt: async (node, within) =>
      accepted(await compute.verifyBatch(await node.metadata(batchId, bytes, within), facts)).batch,
    ...{ hedgeMs, signal },
    onFailure: (node, error) => report.failed(node.name, error),
    onSlow: (node) => report.slow(node.name),
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ZgError("Unavailable", { batchId, why: "no node gives metadata that holds" }, { cause });
  });
  const { rowCount } = facts;
  const rows = { from: 0, to: rowCount };
  return { batchId, status, withheld, corrupt, rows, rowCount, against: async () => verified, attempts: 1 };
}

/** @throws as `retrieve` does while it looks for the blob */
export async function blobTarget(blobKey: Hex, options: TargetOptions): Promise<Target> {
  for await (const location of locate({ blobKey, ...options })) {
    const { batchId, index, header, firstRow, rowCount, withheld } = location;
    accepted(await options.compute.verifyCommitments([header]));
    const nodes = options.sources.filter(({ kind }) => kind === "node");
    const proofs = nodes.map((node) => once((signal) => node.proofs(batchId, index, signal)));
    return {
      ...{ batchId, blob: { blobKey, index }, status: "Available", rowCount, attempts: nodes.length },
      // A blob that is flagged is not found: `locate` has said why.
      ...{ withheld, corrupt: [] },
      rows: { from: firstRow, to: firstRow + header.rows },
      against: async (attempt, signal) => alone(location, await (proofs[attempt] as (typeof proofs)[number])(signal)),
    };
  }
  throw new ZgError("NotFound", { blobKey });
}

/** A blob as if it were a batch of its own: Q_b with the coefficients ρ, committed to by C_b. */
function alone({ header, segmentRoots }: Location, proofs: Uint8Array): VerifiedBatch {
  return {
    batchRoot: header.dataRoot,
    metadata: { submitter: header.account, attempt: 0, headers: [header], segmentRoots, proofs },
    combined: fromHex(header.commitment, 48),
    coefficients: concat(...rowCoefficients(header.dataRoot, header.rows).map((rho) => word(rho))),
  };
}

/** Asked once, however many columns need it; a failure is asked again. */
function once<T>(ask: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let known: Promise<T> | undefined;
  return (signal) => {
    known ??= ask(signal).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}
