import { openChain } from "../../adapters/chain.ts";
import { type Compute, openCompute } from "../../adapters/compute.ts";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import {
  createReport,
  nodeSource,
  type Progress,
  type Retrieved,
  readBatchFrom,
  retrieve,
  type SourceReport,
  validatorSource,
} from "../../workers/retriever/index.ts";
import { type LogGrowth, logGrowth } from "./logUse.ts";

export interface Reading extends Retrieved {
  readonly ms: number;
  readonly sources: readonly SourceReport[];
}

/** A reader of one network: it talks to the chain and to whoever stores, and to nobody else. */
export interface Reader {
  readonly client: HttpClient;
  readonly compute: Compute;
  read(blobKey: Hex, options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void }): Promise<Reading>;
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
