import { expect } from "chai";
import type { ChainBatch } from "../../../../workers/chain-batch.ts";
import {
  closedBecause,
  isOver,
  mayStage,
  mustSettle,
  type NodeBatch,
  onConfirmed,
  onFailed,
  onReorg,
  onSubmitted,
  stateOf,
} from "../../../../workers/storage/batches/record.ts";
import { hashOf, SUBMITTER } from "../../facts.ts";

const batchAt = (block: number, metadataRoot = hashOf("metadata")): ChainBatch => ({
  facts: {
    ...{ batchId: hashOf("batch"), streamId: hashOf("stream"), submitter: SUBMITTER, attempt: 0, metadataRoot },
    ...{ batchRoot: hashOf("root"), rowsRoot: hashOf("rows"), metadataLength: 7_000, blobCount: 1, rowCount: 1 },
  },
  ...{ epoch: 1, block, seed: hashOf(`block ${block}`), deadline: block + 20 },
});
const CONFIRMED = { block: 12, rowsTxSeq: 0, metadataTxSeq: 1, retainUntil: 500 };
const submitted = onSubmitted(undefined, batchAt(10)).record;
const staged: NodeBatch = { ...submitted, staged: true };
const confirmed = onConfirmed(staged, CONFIRMED);
const settled: NodeBatch = { ...confirmed, settled: true };
const refusal = { code: "CommitmentMismatch", fields: {}, blobKey: null, final: true, time: 1 } as const;

describe("a storage node's record of a batch", () => {
  it("names the state that the facts give", () => {
    const states = [undefined, submitted, staged, confirmed, settled, onFailed(staged, 40)].map(stateOf);
    expect(states).to.deep.equal(["unknown", "submitted", "staged", "confirmed", "settled", "unavailable"]);
    expect(stateOf({ ...submitted, refusal })).to.equal("refused");
    expect(stateOf({ ...submitted, refusal: { ...refusal, final: false } })).to.equal("submitted");
    expect(stateOf({ ...settled, onChain: false })).to.equal("unknown");
  });

  it("a reorg takes back what came from higher blocks, and only that", () => {
    expect(onReorg(settled, 12)).to.equal(settled);
    expect(onReorg(settled, 11)).to.deep.equal(staged);
    expect(onReorg(settled, 9)).to.deep.equal({ ...staged, onChain: false });
    expect(onReorg(onFailed(staged, 40), 39)).to.deep.equal(staged);
    const gone = onReorg(settled, 9);
    expect(onReorg(gone, 3)).to.equal(gone);
  });

  it("a submission that comes back keeps what was learned; another content does not", () => {
    const gone = onReorg(staged, 9);
    const back = onSubmitted(gone, batchAt(11));
    expect(back.wipe).to.equal(false);
    expect(stateOf(back.record)).to.equal("staged");
    expect(back.record.batch.seed).to.equal(hashOf("block 11"));
    const other = onSubmitted(gone, batchAt(11, hashOf("other metadata")));
    expect(other.wipe).to.equal(true);
    expect(stateOf(other.record)).to.equal("submitted");
    const afterDrop = onSubmitted({ ...gone, dropped: true }, batchAt(11));
    expect([afterDrop.wipe, stateOf(afterDrop.record)]).to.deep.equal([true, "submitted"]);
  });

  it("takes data until the deadline, and of a confirmed batch after it", () => {
    expect(closedBecause(undefined, 0)).to.equal("UnknownBatch");
    expect(closedBecause({ ...submitted, onChain: false }, 11)).to.equal("UnknownBatch");
    expect(closedBecause(submitted, 30)).to.equal(undefined);
    expect(closedBecause(submitted, 31)).to.equal("BatchNotOpen");
    expect(closedBecause(confirmed, 31)).to.equal(undefined);
    expect(closedBecause(onFailed(submitted, 31), 31)).to.equal("BatchNotOpen");
    expect(closedBecause({ ...submitted, dropped: true }, 11)).to.equal("BatchNotOpen");
  });

  it("is over when finality says so, and never while it is certified", () => {
    expect([isOver(staged, 30), isOver(staged, 31)]).to.deep.equal([false, true]);
    const failed = onFailed(staged, 40);
    expect([isOver(failed, 39), isOver(failed, 40)]).to.deep.equal([false, true]);
    expect(isOver(confirmed, 10_000)).to.equal(false);
    expect(isOver({ ...confirmed, onChain: false }, 31)).to.equal(true);
    // What never came in whole is of no use to anyone once nobody has to hold it.
    const half = { ...confirmed, staged: false };
    expect([isOver(half, 500), isOver(half, 501)]).to.deep.equal([false, true]);
    expect(isOver({ ...staged, dropped: true }, 10_000)).to.equal(false);
  });

  it("asks for exactly the job that brings it forward", () => {
    const jobs = (record: NodeBatch) => [mayStage(record), mustSettle(record)];
    expect(jobs(submitted)).to.deep.equal([true, false]);
    expect(jobs({ ...submitted, refusal })).to.deep.equal([false, false]);
    expect(jobs(staged)).to.deep.equal([false, false]);
    expect(jobs(confirmed)).to.deep.equal([false, true]);
    expect(jobs(settled)).to.deep.equal([false, false]);
    expect(jobs({ ...confirmed, onChain: false })).to.deep.equal([false, false]);
  });
});
