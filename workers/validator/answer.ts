/** What a validator says when it is asked for its signature. Pure. */
import { type ErrorFields, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Sampling } from "./record.ts";
import type { Progress } from "./sample.ts";

export interface AttestationAnswer {
  readonly batchId: Hex;
  /** EIP-2537, 256 bytes. */
  readonly signature: Hex;
  readonly seed: Hex;
  readonly epoch: number;
  readonly slot: number;
}

/** The signature, or throws: `NotSampled` (ask again, with what it waits for) or `SamplingRefused` (never, and why). */
export const attestationOf = (
  batchId: Hex,
  record: Sampling | undefined,
  progress: ReturnType<Progress["get"]>,
): AttestationAnswer => {
  if (record === undefined || !record.onChain) throw new ZgError("NotSampled", { batchId, why: "not seen on chain" });
  const { outcome, batch } = record;
  if (outcome === null) {
    const why = progress?.why ?? "sampling has not begun";
    throw new ZgError("NotSampled", { batchId, seed: batch.seed, why, who: progress?.who ?? null });
  }
  if (outcome.kind === "refused") {
    const { code, why, who, fields } = outcome;
    const all: ErrorFields = { ...fields, batchId, seed: batch.seed, code, why, who };
    throw new ZgError("SamplingRefused", all);
  }
  const { signature, slot } = outcome;
  return { batchId, signature, seed: batch.seed, epoch: batch.epoch, slot };
};
