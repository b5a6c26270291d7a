/** A bucket, an outbox and a chain for the batcher's tests: what two batchers on one key share, and what each has. */

import { silentLog } from "../../../adapters/log.ts";
import type { Intent, SlotView } from "../../../adapters/outbox.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { OnChain } from "../../../workers/batcher/candidates.ts";
import type { FormDeps } from "../../../workers/batcher/form.ts";
import { createOpenBatches } from "../../../workers/batcher/open.ts";
import { protocolLimits } from "../../../workers/batcher/pack.ts";
import { createSlots } from "../../../workers/batcher/slot-reader.ts";
import { submitId } from "../../../workers/batcher/slots.ts";
import { type BatchPlan, keys } from "../../../workers/records.ts";
import { type MemoryBucket, memoryBucket } from "../../fakes/memoryBucket.ts";
import { acceptedOf, encodedOf, hashOf, SUBMITTER } from "../facts.ts";

export const put = (bucket: MemoryBucket, key: string, value: unknown): void => {
  bucket.objects.set(key, Buffer.from(JSON.stringify(value)));
};
export const read = <T>(bucket: MemoryBucket, key: string): T | undefined => {
  const bytes = bucket.objects.get(key);
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as T);
};
export const planned = (bucket: MemoryBucket): BatchPlan[] =>
  [...bucket.objects.keys()].filter((key) => key.endsWith("/plan.json")).map((key) => read<BatchPlan>(bucket, key)!);

/** A blob that is encoded and waits for its batch. */
export const addBlob = (bucket: MemoryBucket, name: string): Hex => {
  const accepted = acceptedOf(name);
  put(bucket, keys.accepted(accepted.requestId), accepted);
  put(bucket, keys.encoded(accepted.requestId), encodedOf(name));
  put(bucket, keys.pending(accepted.requestId), {});
  bucket.objects.set(keys.q(accepted.requestId), new Uint8Array(131_072));
  return accepted.requestId;
};

export interface World {
  readonly bucket: MemoryBucket;
  /** Slot n is nonce n; create-once. */
  readonly slots: Map<number, SlotView>;
  /** What the chain says of batches. */
  readonly chain: Map<Hex, OnChain>;
  readonly adopted: Hex[];
  setOutcome(nonce: number, result: "success" | "lost" | "dropped" | "reverted"): void;
  batcher(more?: Partial<FormDeps>): FormDeps;
}

export const createWorld = (): World => {
  const bucket = memoryBucket();
  const slots = new Map<number, SlotView>();
  const chain = new Map<Hex, OnChain>();
  const adopted: Hex[] = [];
  const outbox = {
    address: SUBMITTER,
    next: async () => Math.max(-1, ...slots.keys()) + 1,
    plan: async (nonce: number, intent: Intent) => {
      if (slots.has(nonce)) return "exists" as const;
      slots.set(nonce, { nonce, intent, txs: [], state: "planned" });
      return "stored" as const;
    },
    slots: async function* ({ from = 0 } = {}) {
      for (const slot of [...slots.values()].sort((a, b) => a.nonce - b.nonce)) if (slot.nonce >= from) yield slot;
    },
  };
  return {
    bucket,
    slots,
    chain,
    adopted,
    setOutcome: (nonce, result) => {
      slots.set(nonce, { ...slots.get(nonce)!, state: "final", outcome: { result } });
    },
    batcher: (more = {}) => ({
      bucket,
      outbox,
      slots: createSlots(bucket, outbox),
      open: createOpenBatches(bucket),
      compute: { columnProofs: async () => new Uint8Array(6144) },
      calls: {
        submit: async (plan) => {
          if (chain.has(plan.batchId)) throw new ZgError("ChainReverted", { error: "BatchAlreadySubmitted" });
          return { id: submitId(plan.batchId), kind: "submitBatch", to: SUBMITTER, data: "0x", value: "0" };
        },
        statusOf: async (batchId) => chain.get(batchId) ?? "None",
      },
      adopt: async (batchId) => void adopted.push(batchId),
      pokeSend: async () => undefined,
      chainId: 31337,
      entrance: `0x${"e1".repeat(20)}`,
      limits: protocolLimits(0),
      log: silentLog,
      now: () => 1000,
      signal: new AbortController().signal,
      ...more,
    }),
  };
};

export const namesIn = (plan: BatchPlan, names: readonly string[]): string[] =>
  names.filter((name) => plan.blobs.some(({ requestId }) => requestId === hashOf(name)));
