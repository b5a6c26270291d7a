import { expect } from "chai";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { formBatches } from "../../../workers/batcher/form.ts";
import { submitId } from "../../../workers/batcher/slots.ts";
import { readHeld } from "../../../workers/held.ts";
import { type BatchPlan, keys } from "../../../workers/records.ts";
import { hashOf } from "../facts.ts";
import { addBlob, createWorld, namesIn, planned, put, type World } from "./desk.ts";

const batchIn = (world: World, nonce: number): BatchPlan | undefined => {
  const id = world.slots.get(nonce)?.intent.id;
  return planned(world.bucket).find(({ batchId }) => submitId(batchId) === id);
};

describe("forming batches", () => {
  it("writes plan, metadata, placements and the open marker before the slot", async () => {
    const world = createWorld();
    const requestId = addBlob(world.bucket, "a");
    let before: string[] = [];
    const deps = world.batcher();
    const plan = deps.outbox.plan;
    await formBatches({
      ...deps,
      outbox: {
        ...deps.outbox,
        plan: (nonce, intent) => {
          before = [...world.bucket.objects.keys()];
          return plan(nonce, intent);
        },
      },
    });
    const { batchId } = batchIn(world, 0)!;
    const expected = [
      keys.plan(batchId),
      keys.metadata(batchId),
      keys.placement(requestId, batchId),
      keys.open(batchId),
    ];
    expect(before).to.include.members(expected);
  });

  it("puts each blob into one batch, however often it is asked to form one", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    await formBatches(world.batcher());
    addBlob(world.bucket, "b");
    await formBatches(world.batcher());
    await formBatches(world.batcher());
    expect(world.slots.size).to.equal(2);
    expect(namesIn(batchIn(world, 1)!, ["a", "b"])).to.deep.equal(["b"]);
  });

  it("lets one of two batchers on one key have the slot; the other finds its blobs taken", async () => {
    const world = createWorld();
    for (const name of ["a", "b", "c"]) addBlob(world.bucket, name);
    await Promise.all([1, 2, 3, 4].map(() => formBatches(world.batcher())));
    expect(world.slots.size).to.equal(1);
    expect(batchIn(world, 0)?.blobs).to.have.length(3);
  });

  it("never puts a blob into two live slots, with two batchers that see blobs at different times", async () => {
    const world = createWorld();
    const names = Array.from({ length: 12 }, (_, i) => `blob ${i}`);
    const batchers = [world.batcher(), world.batcher()];
    await Promise.all(
      names.map(async (name, i) => {
        await new Promise((resolve) => setTimeout(resolve, i));
        addBlob(world.bucket, name);
        await formBatches(batchers[i % 2]!);
      }),
    );
    const packedIds = [...world.slots.keys()].flatMap((nonce) =>
      batchIn(world, nonce)!.blobs.map(({ requestId }) => requestId),
    );
    expect(packedIds).to.have.members(names.map(hashOf));
  });

  it("packs the blobs of a lost slot again, and only when the loss is final", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    await formBatches(world.batcher());
    world.slots.set(0, { ...world.slots.get(0)!, state: "mined", outcome: { result: "reverted" } });
    await formBatches(world.batcher());
    expect(world.slots.size).to.equal(1);
    world.setOutcome(0, "lost");
    await formBatches(world.batcher());
    expect(world.slots.size).to.equal(2);
    expect(batchIn(world, 1)?.batchId).to.equal(batchIn(world, 0)?.batchId);
  });

  for (const status of ["Submitted", "Available", "Unavailable"] as const) {
    it(`does not pack a blob again whose batch is ${status} on chain, whatever the outbox says`, async () => {
      const world = createWorld();
      addBlob(world.bucket, "a");
      await formBatches(world.batcher());
      const { batchId } = batchIn(world, 0)!;
      world.setOutcome(0, "lost");
      world.chain.set(batchId, status);
      await formBatches(world.batcher());
      expect(world.slots.size).to.equal(1);
      expect(world.adopted).to.deep.equal([batchId]);
    });
  }

  it("submits the blobs of a closed, unavailable batch under the next attempt", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    await formBatches(world.batcher());
    const first = batchIn(world, 0)!;
    world.setOutcome(0, "success");
    world.chain.set(first.batchId, "Unavailable");
    put(world.bucket, keys.closed(first.batchId), { outcome: "unavailable", time: 1 });
    await formBatches(world.batcher());
    const second = batchIn(world, 1)!;
    expect(second.attempt).to.equal(1);
    expect(second.batchRoot).to.equal(first.batchRoot);
    expect(second.batchId).not.to.equal(first.batchId);
  });

  it("adopts a batch that the chain has already: BatchAlreadySubmitted is success", async () => {
    const lost = createWorld();
    addBlob(lost.bucket, "a");
    await formBatches(lost.batcher());
    const { batchId } = batchIn(lost, 0)!;

    // The same blob, the same key, another bucket: neither outbox nor placements know of it.
    const world = createWorld();
    addBlob(world.bucket, "a");
    world.chain.set(batchId, "Submitted");
    await formBatches(world.batcher());
    expect(world.slots.size).to.equal(0);
    expect(world.adopted).to.include(batchId);
  });

  it("plans nothing that would revert, and comes back later", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    const calls = {
      submit: async () => {
        throw new ZgError("ChainReverted", { error: "NoValidators", epoch: 3 });
      },
      statusOf: async () => "None" as const,
    };
    expect(await formBatches(world.batcher({ calls }))).to.be.greaterThan(0);
    expect(world.slots.size).to.equal(0);
    expect(await readHeld(world.bucket)).to.include({ code: "NoValidators", why: "NoValidators(epoch 3)" });
  });

  it("says why it holds blobs back, since when, and no longer than that", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    const poor = (why: string, time: number) => ({
      calls: {
        submit: async () => {
          throw new ZgError("InsufficientFunds", { why });
        },
        statusOf: async () => "None" as const,
      },
      now: () => time,
    });
    expect(await formBatches(world.batcher(poor("have 1 want 5", 1_000_000)))).to.be.greaterThan(0);
    expect(await formBatches(world.batcher(poor("have 2 want 5", 1_000_500)))).to.be.greaterThan(0);
    const held = { code: "InsufficientFunds", why: "have 2 want 5", since: 1_000_000 };
    expect(await readHeld(world.bucket)).to.deep.equal(held);
    await formBatches(world.batcher());
    expect(world.slots.size).to.equal(1);
    expect(await readHeld(world.bucket)).to.equal(null);
  });

  it("leaves blobs with a verdict, and blobs that are not encoded, alone", async () => {
    const world = createWorld();
    const ended = addBlob(world.bucket, "ended");
    put(world.bucket, keys.verdict(ended), {});
    const raw = addBlob(world.bucket, "raw");
    await world.bucket.delete(keys.encoded(raw));
    expect(await formBatches(world.batcher())).to.equal(0);
    expect(world.slots.size).to.equal(0);
  });

  it("stops before an effect when its job was taken away", async () => {
    const world = createWorld();
    addBlob(world.bucket, "a");
    const controller = new AbortController();
    const columnProofs = async () => {
      controller.abort(new Error("lock lost"));
      return new Uint8Array(6144);
    };
    const forming = formBatches(world.batcher({ compute: { columnProofs }, signal: controller.signal }));
    expect(String(await forming.catch((error: unknown) => error))).to.contain("lock lost");
    expect(world.slots.size).to.equal(0);
  });

  it("reads only slots that can still change", async () => {
    const world = createWorld();
    const requestId = addBlob(world.bucket, "a");
    await formBatches(world.batcher());
    world.setOutcome(0, "success");
    put(world.bucket, keys.verdict(requestId), {});
    put(world.bucket, keys.closed(batchIn(world, 0)!.batchId), { outcome: "finalized", time: 1 });
    await formBatches(world.batcher());
    const deps = world.batcher();
    expect([...(await deps.slots.live())] satisfies Hex[]).to.deep.equal([]);
    expect(world.bucket.objects.has(keys.slotFloor)).to.equal(true);
  });
});
