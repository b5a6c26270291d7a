import { openChain } from "../../adapters/chain.ts";
import { type Compute, openCompute } from "../../adapters/compute.ts";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { CellPlace, ShownCell } from "../../protocol/rowsProof.ts";
import {
  batchTarget,
  blobTarget,
  type Charge,
  createReport,
  fetchCell,
  findCharge,
  nodeSource,
  type Progress,
  type Retrieved,
  readBatchFrom,
  retrieve,
  type Sampled,
  type SourceReport,
  sampleColumns,
  type Target,
  validatorSource,
} from "../../workers/retriever/index.ts";
import { type BatchBound, boundOf } from "./batchBound.ts";
import { type LogGrowth, logGrowth } from "./logUse.ts";

/** What the flag of a batch says to who reads it all the same. */
export const WITHHELD = "a challenge of this batch was not answered in time, so others may not get it";

/** After this long a node's answer does not hold up the next one's, ms. */
const HEDGE_MS = 750;

export interface Reading extends Retrieved {
  readonly ms: number;
  readonly sources: readonly SourceReport[];
}

export interface Sample extends Sampled {
  readonly target: Target;
  readonly ms: number;
  readonly sources: readonly SourceReport[];
}
/** A cell that somebody gave, or null, and how those behaved that were asked. */
export interface CellSearch {
  readonly found: (ShownCell & { readonly source: string }) | null;
  readonly sources: readonly SourceReport[];
}
type OnTarget = (target: Target) => void;
type OnColumn = (verified: number, of: number) => void;

/** A reader of one network: it talks to the chain and to whoever stores, and to nobody else. */
export interface Reader {
  readonly client: HttpClient;
  readonly compute: Compute;
  /** Samples a batch, or a blob alone, as anyone. */
  sample(
    id: Hex,
    options: { samples: number; signal: AbortSignal; onTarget?: OnTarget; onColumn?: OnColumn },
  ): Promise<Sample>;
  read(blobKey: Hex, options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void }): Promise<Reading>;
  /** What a certificate of the batch proves. */
  boundOf(batchId: Hex): Promise<BatchBound | null>;
  /** Asks everybody for one cell of an available batch. */
  cell(batchId: Hex, at: CellPlace, signal: AbortSignal): Promise<CellSearch>;
  /** What is to be proved against a blob that is CorruptEncoding. */
  charge(
    blobKey: Hex,
    options: { signal: AbortSignal; onColumn?: (read: number, of: number) => void },
  ): Promise<Charge>;
  /** How the log grew with the batch that this transaction confirmed. */
  growthOf(confirmation: string | undefined): Promise<LogGrowth | undefined>;
  close(): Promise<void>;
}

/** @param shared a pool that is warm already and stays its owner's */
export async function openReader(network: NetworkJson, shared?: Compute): Promise<Reader> {
  const client = openClient();
  const chain = await openChain({ ...network, log: silentLog }).catch((error: unknown) => {
    client.close();
    throw error;
  });
  const compute = shared ?? (await openCompute({ threads: 2, precompute: 0 }));
  const sources = [
    ...network.storageNodes.map((url) => nodeSource(client, url)),
    ...network.validators.map((url) => validatorSource(client, url)),
  ];
  return {
    client,
    compute,
    read: async (blobKey, options = {}) => {
      const report = createReport();
      const started = performance.now();
      const readBatch = readBatchFrom(chain);
      const retrieved = await retrieve({ blobKey, sources, readBatch, compute, report, ...options }).catch(
        (error: unknown) => {
          throw withSources(error, report.sources());
        },
      );
      return { ...retrieved, ms: performance.now() - started, sources: report.sources() };
    },
    sample: async (id, { samples, signal, onTarget, onColumn }) => {
      const report = createReport();
      const started = performance.now();
      const shared = { sources, compute, report, signal, hedgeMs: HEDGE_MS };
      const options = { ...shared, readBatch: readBatchFrom(chain) };
      const isBatch = (await options.readBatch(id)) !== null;
      const target = await (isBatch ? batchTarget(id, options) : blobTarget(id, options));
      onTarget?.(target);
      const sampled = await sampleColumns({ ...shared, target, samples, onColumn });
      return { ...sampled, target, ms: performance.now() - started, sources: report.sources() };
    },
    boundOf: (batchId) => boundOf(chain, batchId),
    cell: async (batchId, at, signal) => {
      const report = createReport();
      const asked = { batchId, at, sources, report, signal, readBatch: readBatchFrom(chain), hedgeMs: HEDGE_MS };
      const found = await fetchCell(asked).catch((error: unknown) => {
        if (error instanceof ZgError && error.code === "Unavailable" && "row" in error.fields) return null;
        throw error;
      });
      return { found, sources: report.sources() };
    },
    charge: async (blobKey, { signal, onColumn }) => {
      const report = createReport();
      const asked = { blobKey, sources, compute, report, signal, onColumn, hedgeMs: HEDGE_MS };
      return findCharge({ ...asked, readBatch: readBatchFrom(chain) }).catch((error: unknown) => {
        throw withSources(error, report.sources());
      });
    },
    growthOf: async (confirmation) =>
      // A figure for the table: what the chain does not tell is left out.
      confirmation === undefined ? undefined : logGrowth(chain, confirmation as Hex).catch(() => undefined),
    close: async () => {
      client.close();
      if (shared === undefined) await compute.close();
      await chain.close();
    },
  };
}

/** A failed retrieval names who lied and who was slow, too. */
function withSources(error: unknown, sources: readonly SourceReport[]): unknown {
  if (!(error instanceof ZgError)) return error;
  const guilty = sources
    .filter(({ lied, slow }) => lied + slow > 0)
    .map(blame)
    .join("; ");
  return guilty === "" ? error : new ZgError(error.code, { ...error.fields, sources: guilty }, { cause: error });
}

export function blame({ source, lied, slow, codes }: SourceReport): string {
  const named = Object.entries(codes).map(([code, times]) => `${code} × ${times}`);
  const did = [...(lied > 0 ? [`gave ${lied} wrong answers`] : []), ...(slow > 0 ? [`was slow ${slow} times`] : [])];
  return `${source} ${did.join(" and ")}${named.length > 0 ? ` (${named.join(", ")})` : ""}`;
}
