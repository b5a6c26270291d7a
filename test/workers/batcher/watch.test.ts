import { expect } from "chai";
import type { ChainEvent } from "../../../adapters/chain.ts";
import { createOpenBatches } from "../../../workers/batcher/open.ts";
import { applyEvents, applyReorg, type WatchDeps } from "../../../workers/batcher/watch.ts";
import { type Confirmed, keys, type Submitted } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, planOf, SUBMITTER } from "../facts.ts";
import { put, read } from "./desk.ts";

const plan = planOf(["a"]);
const { batchId } = plan;

const event = (name: string, blockNumber: number, fork = "", args: Record<string, unknown> = {}): ChainEvent => ({
  contract: "DAEntrance",
  name,
  args: { batchId, epoch: 3n, ...args },
  address: SUBMITTER,
  blockNumber,
  blockHash: hashOf(`block ${blockNumber}${fork}`),
  transactionHash: hashOf(`tx ${name}`),
  transactionIndex: 0,
  logIndex: 0,
});
const confirmed = (block: number, fork = "") =>
  event("BatchConfirmed", block, fork, {
    signedStake: 3n,
    totalStake: 4n,
    rowsTxSeq: 0n,
    metadataTxSeq: 1n,
    retainUntil: 3600n,
  });

const setUp = async () => {
  const bucket = memoryBucket();
  put(bucket, keys.plan(batchId), plan);
  const open = createOpenBatches(bucket);
  await open.add(plan);
  let time = 100;
  const deps: WatchDeps = {
    bucket,
    open,
    confirmWindow: 120,
    gasOf: async () => 180_000,
    now: () => (time += 1),
  };
  return { bucket, open, deps };
};

describe("watching the chain", () => {
  it("writes what it sees as facts, with seed and deadline", async () => {
    const { bucket, deps, open } = await setUp();
    expect([...(await applyEvents(deps, [event("BatchSubmitted", 10)]))]).to.deep.equal([batchId]);
    const fact = read<Submitted>(bucket, keys.submitted(batchId));
    expect(fact).to.include({ block: 10, blockHash: hashOf("block 10"), deadline: 130, epoch: 3, gas: 180_000 });
    expect(open.get(batchId)?.submitted).to.deep.equal(fact);
  });

  it("keeps the first time when the same events come again after a crash", async () => {
    const { bucket, deps } = await setUp();
    await applyEvents(deps, [event("BatchSubmitted", 10), confirmed(12)]);
    const first = [read<Submitted>(bucket, keys.submitted(batchId)), read<Confirmed>(bucket, keys.confirmed(batchId))];
    await applyEvents(deps, [event("BatchSubmitted", 10), confirmed(12)]);
    expect([read(bucket, keys.submitted(batchId)), read(bucket, keys.confirmed(batchId))]).to.deep.equal(first);
    expect(read(bucket, keys.bond(batchId))).to.deep.equal({ retainUntil: 3600 });
    expect(read(bucket, keys.replication(batchId))).to.deep.equal({ retainUntil: 3600 });
  });

  it("does not care for batches of others, nor for events of no batch", async () => {
    const { bucket, deps } = await setUp();
    const foreign = hashOf("foreign");
    const touched = await applyEvents(deps, [
      event("BatchSubmitted", 10, "", { batchId: foreign }),
      event("Credited", 10, "", { batchId: undefined }),
    ]);
    expect(bucket.objects.has(keys.submitted(foreign))).to.equal(false);
    expect([...touched]).to.deep.equal([]);
  });

  it("withdraws what a reorg took back, writes that down, and sees it again on the other fork (A46)", async () => {
    const { bucket, deps, open } = await setUp();
    await applyEvents(deps, [event("BatchSubmitted", 10), confirmed(12)]);
    expect([...(await applyReorg(deps, 11))]).to.deep.equal([batchId]);
    expect(bucket.objects.has(keys.confirmed(batchId))).to.equal(false);
    expect(bucket.objects.has(keys.submitted(batchId))).to.equal(true);

    await applyReorg(deps, 9);
    expect(bucket.objects.has(keys.submitted(batchId))).to.equal(false);
    expect(open.get(batchId)).to.include({ submitted: null, confirmed: null });
    const reorgs = [...bucket.objects.keys()].filter((key) => key.startsWith(keys.reorgs(batchId)));
    expect(reorgs).to.have.length(2);

    await applyEvents(deps, [event("BatchSubmitted", 11, " of the other fork")]);
    expect(open.get(batchId)?.submitted).to.include({ block: 11, blockHash: hashOf("block 11 of the other fork") });
  });

  it("finds its open batches again after a restart, and drops markers of closed ones", async () => {
    const { bucket, deps } = await setUp();
    await applyEvents(deps, [event("BatchSubmitted", 10)]);
    const restarted = createOpenBatches(bucket);
    await restarted.reload();
    expect(restarted.get(batchId)?.submitted?.block).to.equal(10);
    put(bucket, keys.closed(batchId), { outcome: "finalized", time: 1 });
    await restarted.reload();
    expect(restarted.get(batchId)).to.equal(undefined);
    expect(bucket.objects.has(keys.open(batchId))).to.equal(false);
  });

  it("does not overwrite what an event said while it was reading", async () => {
    const { bucket, deps, open } = await setUp();
    const get = bucket.get;
    bucket.get = async (key) => {
      const bytes = await get(key);
      // The event comes between the read of the old state and its use.
      if (key === keys.closed(batchId)) await applyEvents(deps, [event("BatchSubmitted", 10)]);
      return bytes;
    };
    await open.reload();
    expect(open.get(batchId)?.submitted?.block).to.equal(10);
  });

  it("opens a batch of ours that it had not heard of: another batcher on this key submitted it", async () => {
    const { bucket, deps } = await setUp();
    const fresh = createOpenBatches(bucket);
    await applyEvents({ ...deps, open: fresh }, [event("BatchSubmitted", 10)]);
    expect(fresh.get(batchId)?.submitted?.block).to.equal(10);
  });
});
