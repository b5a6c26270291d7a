import { expect } from "chai";
import type { Intent } from "../../../adapters/outbox.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { bondsDue, type MoneyDeps, releaseBond, withdrawCredit } from "../../../workers/batcher/money.ts";
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

  const due = async (bucket: Parameters<typeof bondsDue>[0], finalized: number) => {
    const found: string[] = [];
    for await (const id of bondsDue(bucket, finalized)) found.push(id);
    return found;
  };

  it("leaves the bond in escrow while nodes must hold the batch", async () => {
    const { bucket } = setUp();
    expect([await due(bucket, 100), await due(bucket, 101)]).to.deep.equal([[], [batchId]]);
  });

  it("releases the bond after the retention, then takes the credit, then forgets the batch", async () => {
    const { deps, enqueued, released, bucket } = setUp(5n);
    await releaseBond(deps, batchId);
    expect(enqueued).to.deep.equal([`bond-${batchId}`]);
    expect(await due(bucket, 101)).to.deep.equal([batchId]);
    released.add(batchId);
    await releaseBond(deps, batchId);
    expect(enqueued).to.deep.equal([`bond-${batchId}`, `withdraw-${batchId}`]);
    expect(bucket.objects.has(keys.bond(batchId))).to.equal(false);
  });

  const refusing = (deps: MoneyDeps, error: string): MoneyDeps => ({
    ...deps,
    calls: { ...deps.calls, releaseBond: () => Promise.reject(new ZgError("ChainReverted", { error })) },
  });

  it("waits while the chain holds the bond back", async () => {
    const { deps, enqueued, bucket } = setUp();
    for (const error of ["StillRetained", "ChallengesOpen"]) await releaseBond(refusing(deps, error), batchId);
    expect([enqueued, bucket.objects.has(keys.bond(batchId))]).to.deep.equal([[], true]);
  });

  for (const error of ["WrongStatus", "BondForfeited"]) {
    it(`forgets a bond of which the chain says ${error}`, async () => {
      const { deps, enqueued, bucket } = setUp();
      await releaseBond(refusing(deps, error), batchId);
      expect([enqueued, bucket.objects.has(keys.bond(batchId))]).to.deep.equal([[], false]);
    });
  }

  it("sends nothing for nothing", async () => {
    const { deps, enqueued } = setUp(0n);
    await withdrawCredit(deps, batchId);
    expect(enqueued).to.deep.equal([]);
  });
});
