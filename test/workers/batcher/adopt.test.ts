import { expect } from "chai";
import type { RpcLog } from "../../../adapters/chain.ts";
import { adoptFromChain } from "../../../workers/batcher/adopt.ts";
import { createOpenBatches } from "../../../workers/batcher/open.ts";
import { sweep } from "../../../workers/batcher/sweep.ts";
import { keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, planOf, SUBMITTER } from "../facts.ts";
import { put } from "./desk.ts";

const plan = planOf(["a"]);
const { batchId } = plan;

describe("batches that outbox and chain disagree about", () => {
  it("follows a batch of ours that is on chain although no slot of ours says so", async () => {
    const bucket = memoryBucket();
    put(bucket, keys.plan(batchId), plan);
    const open = createOpenBatches(bucket);
    const asked: unknown[] = [];
    const at = { blockNumber: 10, blockHash: hashOf("block 10"), transactionHash: hashOf("tx"), transactionIndex: 0 };
    const addresses = {
      DAEntrance: SUBMITTER,
      DASigners: SUBMITTER,
      Flow: SUBMITTER,
      FixedPrice: SUBMITTER,
      ChunkLinearReward: SUBMITTER,
      PoraMine: SUBMITTER,
      DASampling: SUBMITTER,
      DAChallenge: SUBMITTER,
      CellVerifier: SUBMITTER,
    };
    const chain = {
      addresses,
      logs: async (filter: unknown) => {
        asked.push(filter);
        return [{}] as RpcLog[];
      },
      decode: () => ({
        contract: "DAEntrance" as const,
        name: "BatchSubmitted",
        args: { batchId, epoch: 3n },
        address: SUBMITTER,
        logIndex: 0,
        ...at,
      }),
    };
    const watching = {
      bucket,
      open,
      confirmWindow: 120,
      gasOf: async () => undefined,
      now: () => 1,
    };
    const adopt = (followed: number) =>
      adoptFromChain({ chain, followed: () => followed, submitBlock: async () => 10, watching }, batchId);
    // Above what was followed, an event would be nobody's to take back.
    await adopt(9);
    expect([asked, open.get(batchId)]).to.deep.equal([[], undefined]);
    await adopt(50);
    expect(asked).to.deep.equal([{ from: 10, to: 50, addresses: [SUBMITTER], topics: [null, batchId] }]);
    expect(open.get(batchId)?.submitted?.block).to.equal(10);
    expect(bucket.objects.has(keys.open(batchId))).to.equal(true);
  });

  it("forgets a plan that never got its slot, but not a fresh one, a live one or one that the chain has", async () => {
    const bucket = memoryBucket();
    put(bucket, keys.plan(batchId), plan);
    const open = createOpenBatches(bucket);
    await open.add(plan);
    const deps = {
      open,
      slots: { live: async () => new Set([batchId]) },
      calls: { statusOf: async () => "None" as const },
      olderThan: plan.time + 1,
    };
    await sweep({ ...deps, olderThan: plan.time });
    await sweep(deps);
    const unheld = { ...deps, slots: { live: async () => new Set<typeof batchId>() } };
    await sweep({ ...unheld, calls: { statusOf: async () => "Submitted" as const } });
    expect(open.get(batchId)).not.to.equal(undefined);
    await sweep(unheld);
    expect(open.get(batchId)).to.equal(undefined);
    expect(bucket.objects.has(keys.open(batchId))).to.equal(false);
  });
});
