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
  /** A challenge of the batch was not answered in time. */
  readonly withheld: boolean;
  /** Blobs that were proved to encode nothing: of all of them, or of the one that was asked for. */
  readonly corrupt: readonly number[];
}

/** @param index of the blob that is asked for, if it is one. null = the chain has no such batch */
export type ReadBatch = (batchId: Hex, index?: number) => Promise<BatchOnChain | null>;

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
  readonly bondLost: boolean;
  readonly withheld: boolean;
}

export function readBatchFrom(chain: Chain): ReadBatch {
  let streamId: Promise<Hex> | undefined;
  const entrance = chain.entrance;
  const corruptOf = async (batchId: Hex, { bondLost, blobCount }: RawRecord, index?: number): Promise<number[]> => {
    const all = index === undefined;
    // A batch that still has its bond has no such blob; whether one is found after the bond was returned, only who asks
    // for that blob needs to know.
    const asked = Array.from({ length: Number(blobCount) }, (_, blob) => blob).filter((blob) =>
      all ? bondLost : blob === index,
    );
    const flags = await Promise.all(
      asked.map(async (blob) => (await entrance.getFunction("flagsOf")(batchId, blob)) as { corrupt: boolean }),
    );
    return asked.filter((_, i) => flags[i]?.corrupt);
  };
  return async (batchId, index) => {
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
        withheld: record.withheld,
        corrupt: await corruptOf(batchId, record, index),
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

/**
 * The verdict on a blob that was proved to encode nothing: what every reader finds out who reads it, so nobody needs to.
 * A flag is no opinion: the contract has checked the proof.
 */
export const flaggedCorrupt = (batchId: Hex, index: number): ZgError =>
  new ZgError("CorruptEncoding", { batchId, index, flag: "BlobCorrupt", why: "it was proved on chain" });

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
