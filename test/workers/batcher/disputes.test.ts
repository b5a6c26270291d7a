import { expect } from "chai";
import type { ChainEvent } from "../../../adapters/chain.ts";
import { applyDisputes, challengeIds, revertDisputes } from "../../../workers/batcher/disputes.ts";
import { type Challenge, type Flag, keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, planOf, SUBMITTER } from "../facts.ts";
import { put, read } from "./desk.ts";

const plan = planOf(["a"]);
const { batchId } = plan;

const event = (name: string, blockNumber: number, logIndex: number, args: Record<string, unknown>): ChainEvent => ({
  contract: name.startsWith("B") ? "DAEntrance" : "DAChallenge",
  name,
  args: { batchId, ...args },
  address: SUBMITTER,
  blockNumber,
  blockHash: hashOf(`block ${blockNumber}`),
  transactionHash: hashOf(`tx ${name} ${blockNumber}`),
  transactionIndex: 0,
  logIndex,
});
const cell = { row: 3n, column: 77n };
const challenged = (block: number, logIndex = 0, at = cell) =>
  event("Challenged", block, logIndex, { ...at, bond: 5n, deadline: BigInt(block + 256), challenger: SUBMITTER });
const answered = (block: number, logIndex = 0, at = cell) =>
  event("Answered", block, logIndex, { ...at, bond: 5n, answerer: SUBMITTER, cell: "0x" });

const setUp = () => {
  const bucket = memoryBucket();
  put(bucket, keys.plan(batchId), plan);
  return { bucket, deps: { bucket, now: () => 7 } };
};
const idsIn = async (bucket: Parameters<typeof challengeIds>[0]): Promise<string[]> => {
  const ids: string[] = [];
  for await (const id of challengeIds(bucket)) ids.push(id);
  return ids;
};
const first = `${batchId}-3-77-10-0`;

describe("disputes on chain", () => {
  it("keep a challenge to a batch of ours, also when the batch is closed, and its end", async () => {
    const { bucket, deps } = setUp();
    expect(await applyDisputes(deps, [challenged(10)])).to.deep.equal([first]);
    expect(read<Challenge>(bucket, keys.challenge(first))).to.deep.equal({
      ...{ batchId, row: 3, column: 77, deadline: 266, block: 10, logIndex: 0, time: 7 },
    });
    expect(await applyDisputes(deps, [answered(12)])).to.deep.equal([first]);
    expect(read<Challenge>(bucket, keys.challenge(first))?.ended).to.deep.equal({ block: 12, logIndex: 0 });
  });

  it("do not care for batches of others", async () => {
    const { bucket, deps } = setUp();
    const foreign = { ...challenged(10), args: { ...challenged(10).args, batchId: hashOf("foreign") } };
    const flag = event("BatchWithheld", 10, 0, { batchId: hashOf("foreign"), reporter: SUBMITTER });
    expect(await applyDisputes(deps, [foreign, flag])).to.deep.equal([]);
    expect([...bucket.objects.keys()]).to.deep.equal([keys.plan(batchId)]);
  });

  it("tell the challenges of one cell apart: asked, answered and asked again in one block", async () => {
    const { bucket, deps } = setUp();
    await applyDisputes(deps, [challenged(10, 0), answered(10, 1), challenged(10, 2)]);
    const ends = (await idsIn(bucket)).map((id) => read<Challenge>(bucket, keys.challenge(id))?.ended);
    expect(ends).to.deep.equal([{ block: 10, logIndex: 1 }, undefined]);
    // Row 3 column 7 is not row 3 column 77.
    expect(await applyDisputes(deps, [answered(11, 0, { row: 3n, column: 7n })])).to.deep.equal([]);
  });

  it("are the same when events come again after a crash", async () => {
    const { bucket, deps } = setUp();
    const events = [
      challenged(10),
      answered(11),
      challenged(12),
      event("BlobFlagged", 12, 1, { index: 0n, reporter: SUBMITTER }),
    ];
    await applyDisputes(deps, events);
    const before = new Map(bucket.objects);
    await applyDisputes({ ...deps, now: () => 7 }, events);
    expect(new Map(bucket.objects)).to.deep.equal(before);
  });

  it("are taken back with their blocks: an end, a challenge, a flag", async () => {
    const { bucket, deps } = setUp();
    await applyDisputes(deps, [
      challenged(10),
      answered(12),
      challenged(13),
      event("BatchWithheld", 13, 2, { reporter: SUBMITTER }),
    ]);
    await revertDisputes(bucket, 12);
    expect(await idsIn(bucket)).to.deep.equal([first]);
    expect(read<Challenge>(bucket, keys.challenge(first))?.ended?.block).to.equal(12);
    expect(bucket.objects.has(keys.flag({ batchId, what: "Withheld" }))).to.equal(false);
    await revertDisputes(bucket, 11);
    expect(read<Challenge>(bucket, keys.challenge(first))?.ended).to.equal(undefined);
    await revertDisputes(bucket, 9);
    expect(await idsIn(bucket)).to.deep.equal([]);
  });

  it("leave flags that name what was proved, by whom and where", async () => {
    const { bucket, deps } = setUp();
    await applyDisputes(deps, [event("BlobFlagged", 20, 0, { index: 2n, reporter: SUBMITTER })]);
    expect(read<Flag>(bucket, keys.flag({ batchId, what: "BlobCorrupt", index: 2 }))).to.deep.equal({
      ...{
        batchId,
        what: "BlobCorrupt",
        index: 2,
        reporter: SUBMITTER,
        block: 20,
        tx: hashOf("tx BlobFlagged 20"),
        time: 7,
      },
    });
  });
});
