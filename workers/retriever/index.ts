import type { Compute } from "../../adapters/compute.ts";
import { accepted, ZgError } from "../../protocol/errors.ts";
import type { BlobHeader } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { ReadBatch } from "./chain.ts";
import { fetchColumns } from "./fetch.ts";
import { type Location, locate } from "./locate.ts";
import { createReport, type Report } from "./report.ts";
import type { Source } from "./source.ts";

export { fetchCell } from "./cell.ts";
export { readBatchFrom } from "./chain.ts";
export { type Charge, findCharge } from "./charge.ts";
export { createReport, type Report, type SourceReport } from "./report.ts";
export { type Sampled, sampleColumns } from "./sample.ts";
export { batchTarget, blobTarget, type Target } from "./sampleTarget.ts";
export { nodeSource, type Source, validatorSource } from "./source.ts";

export type Progress =
  | { readonly stage: "located"; readonly batchId: Hex; readonly index: number; readonly header: BlobHeader }
  | { readonly stage: "columns"; readonly bytes: number; readonly total: number }
  | { readonly stage: "decoding" };

export interface RetrieveOptions {
  readonly blobKey: Hex;
  readonly sources: readonly Source[];
  readonly readBatch: ReadBatch;
  readonly compute: Pick<Compute, "verifyCells" | "decodeBlob">;
  /** Filled while the retrieval runs, so that a failed one also says who lied and who was slow. */
  readonly report?: Report;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** For the whole retrieval. */
  readonly deadlineMs?: number;
  /** After this long an answer is overdue and its column is asked of someone else too. */
  readonly hedgeMs?: number;
  readonly parallel?: number;
}

export interface Retrieved {
  readonly payload: Uint8Array;
  readonly header: BlobHeader;
  readonly batchId: Hex;
  readonly index: number;
  /** A challenge of the batch was not answered in time: others may not get what was got here. */
  readonly withheld: boolean;
}

/**
 * Reads a blob back from the chain and whoever holds columns, trusting none of them: a place is believed when the
 * chain's record bears it out, a cell when its merkle path does, the payload when its encoding has the certified
 * dataRoot. No byte is returned before that.
 *
 * @throws NotFound, NotYetAvailable, Unavailable, Expired, CorruptEncoding
 */
export async function retrieve(options: RetrieveOptions): Promise<Retrieved> {
  const { blobKey, sources, readBatch, compute, onProgress, deadlineMs = 120_000, hedgeMs = 500 } = options;
  const report = options.report ?? createReport();
  const done = new AbortController();
  const timer = setTimeout(
    () => done.abort(new ZgError("Unavailable", { blobKey, why: "the deadline passed", deadlineMs })),
    deadlineMs,
  );
  const signal = options.signal ? AbortSignal.any([options.signal, done.signal]) : done.signal;
  const fetchFrom = async (location: Location): Promise<Retrieved> => {
    const { batchId, index, header, withheld } = location;
    onProgress?.({ stage: "located", batchId, index, header });
    const pieces = await fetchColumns({
      location,
      sources,
      compute,
      report,
      hedgeMs,
      signal,
      parallel: options.parallel ?? 16,
      onBytes: (bytes, total) => onProgress?.({ stage: "columns", bytes, total }),
    });
    onProgress?.({ stage: "decoding" });
    const { payload } = accepted(await compute.decodeBlob(header, pieces));
    return { payload, header, batchId, index, withheld };
  };
  try {
    let withheld: unknown;
    // One content may lie in several batches: what one of them does not give, another may.
    for await (const location of locate({ blobKey, sources, readBatch, report, hedgeMs, signal })) {
      try {
        return await fetchFrom(location);
      } catch (error) {
        if (!(error instanceof ZgError) || error.code !== "Unavailable") throw error;
        withheld = error;
      }
    }
    throw withheld;
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}
