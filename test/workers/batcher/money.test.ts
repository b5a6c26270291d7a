import { expect } from "chai";
import type { Intent } from "../../../adapters/outbox.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type MoneyDeps, releaseBonds, withdrawCredit } from "../../../workers/batcher/money.ts";
import { keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, SUBMITTER } from "../facts.ts";
import { put } from "./desk.ts";

const batchId = hashOf("batch");

describe("the batcher's money", () => {
  const setUp = (credit = 0n) => {
    const bucket = memoryBucket();
    put(bucket, keys.bond(batchId), { retainUntil: 100 });
    const enqueued: string[] = [];
    const released = new Set<string>();
    const intent = (id: string): Intent => ({ id, kind: "x", to: SUBMITTER, data: "0x", value: "0" });
    const deps: MoneyDeps = {
      bucket,
      outbox: { enqueue: async ({ id }) => ({ nonce: enqueued.push(id) }) },
      calls: {
        releaseBond: async (id) => {
          if (released.has(id)) throw new ZgError("ChainReverted", { error: "AlreadyWithdrawn" });
          return intent(`bond-${id}`);
        },
        withdraw: async (after) => intent(`withdraw-${after}`),
        credit: async () => credit,
      },
      pokeSend: async () => undefined,
    };
    return { bucket, enqueued, released, deps };
  };

  it("leaves the bond in escrow while nodes must hold the batch", async () => {
    const { deps, enqueued } = setUp();
    await releaseBonds(deps, 100);
    expect(enqueued).to.deep.equal([]);
  });

  it("releases the bond after the retention, then takes the credit, then forgets the batch", async () => {
    const { deps, enqueued, released, bucket } = setUp(5n);
    await releaseBonds(deps, 101);
    expect(enqueued).to.deep.equal([`bond-${batchId}`]);
    released.add(batchId);
    await releaseBonds(deps, 102);
    expect(enqueued).to.deep.equal([`bond-${batchId}`, `withdraw-${batchId}`]);
    expect(bucket.objects.has(keys.bond(batchId))).to.equal(false);
  });

  it("forgets a bond whose confirmation was taken back", async () => {
    const { deps, enqueued, bucket } = setUp();
    const refuse = (error: string) => ({
      ...deps,
      calls: { ...deps.calls, releaseBond: () => Promise.reject(new ZgError("ChainReverted", { error })) },
    });
    await releaseBonds(refuse("StillRetained"), 101);
    expect(bucket.objects.has(keys.bond(batchId))).to.equal(true);
    await releaseBonds(refuse("WrongStatus"), 101);
    expect([enqueued, bucket.objects.has(keys.bond(batchId))]).to.deep.equal([[], false]);
  });

  it("sends nothing for nothing", async () => {
    const { deps, enqueued } = setUp(0n);
    await withdrawCredit(deps, batchId);
    expect(enqueued).to.deep.equal([]);
  });
});
