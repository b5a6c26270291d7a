import type { Chain } from "../../adapters/chain.ts";
import type { BatchFacts } from "../../protocol/batchCheck.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";

/** All that a reader takes from the chain. */
export interface BatchOnChain {
  readonly facts: BatchFacts;
  readonly status: "Submitted" | "Available" | "Unavailable";
  /** Last block in which nodes must hold the batch; 0 until confirmed. */
  readonly retainUntil: number;
  readonly head: number;
}

/** null = the chain has no such batch. */
export type ReadBatch = (batchId: Hex) => Promise<BatchOnChain | null>;

const STATUS = ["None", "Submitted", "Available", "Unavailable"] as const;

interface RawRecord {
  readonly batchRoot: Hex;
  readonly rowsRoot: Hex;
  readonly metadataRoot: Hex;
  readonly submitter: Hex;
  readonly blobCount: bigint;
  readonly rowCount: bigint;
  readonly metadataLength: bigint;
  readonly attempt: bigint;
  readonly retainUntil: bigint;
}

export function readBatchFrom(chain: Chain): ReadBatch {
  let streamId: Promise<Hex> | undefined;
  return async (batchId) => {
    const entrance = chain.entrance;
    try {
      const status = STATUS[Number(await entrance.getFunction("statusOf")(batchId))] ?? "None";
      if (status === "None") return null;
      streamId ??= entrance.getFunction("streamId")() as Promise<Hex>;
      const [record, head] = await Promise.all([
        entrance.getFunction("record")(batchId) as Promise<RawRecord>,
        chain.head(),
      ]);
      return {
        status,
        head,
        retainUntil: Number(record.retainUntil),
        facts: {
          batchId,
          streamId: await streamId,
          submitter: record.submitter.toLowerCase() as Hex,
          attempt: Number(record.attempt),
          batchRoot: record.batchRoot,
          rowsRoot: record.rowsRoot,
          metadataRoot: record.metadataRoot,
          metadataLength: Number(record.metadataLength),
          blobCount: Number(record.blobCount),
          rowCount: Number(record.rowCount),
        },
      };
    } catch (error) {
      streamId = undefined;
      throw error instanceof ZgError ? error : chain.errorOf(error);
    }
  };
}

/** What the record alone says of a retrieval; null = go on and fetch. */
export function verdictOf(batch: BatchOnChain): ZgError | null {
  const { batchId } = batch.facts;
  if (batch.status === "Submitted") return new ZgError("NotYetAvailable", { batchId });
  if (batch.status === "Unavailable")
    return new ZgError("Unavailable", { batchId, why: "the batch was never certified" });
  if (batch.head > batch.retainUntil) {
    return new ZgError("Expired", { batchId, retainUntil: batch.retainUntil, block: batch.head });
  }
  return null;
}
