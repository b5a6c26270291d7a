import { expect } from "chai";
import { ZgError } from "../../../protocol/errors.ts";
import { type LeaseDeps, mustRenew, tendLease } from "../../../workers/validator/lease.ts";
import { turnOf } from "../../../workers/validator/turn.ts";
import { ACCOUNT } from "./validator.ts";

describe("a validator's place and money", () => {
  interface World {
    readonly epoch?: number;
    readonly lease?: { slot: number; leaseEnd: number } | null;
    readonly lapsed?: number[];
    readonly credit?: bigint;
    readonly cost?: bigint | ZgError;
    readonly latest?: number;
    readonly waiting?: readonly string[];
  }
  const tend = async (world: World): Promise<string[]> => {
    const planned: string[] = [];
    const intent = (id: string) => ({ id, kind: "x", to: ACCOUNT, data: "0x", value: "0" }) as const;
    const deps: LeaseDeps = {
      calls: {
        epoch: async () => world.epoch ?? 10,
        lease: async () => (world.lease === undefined ? { slot: 5, leaseEnd: 100 } : world.lease),
        lapsed: async () => world.lapsed ?? [],
        renew: (epoch) => intent(`renew ${epoch}`),
        lapse: (slot) => intent(`lapse ${slot}`),
        credit: async () => world.credit ?? 0n,
        withdraw: () => intent("withdraw"),
        nonce: async () => 1,
        cost: async () => {
          if (world.cost instanceof ZgError) throw world.cost;
          return world.cost ?? 1n;
        },
      },
      wallet: {
        address: ACCOUNT,
        isWaiting: (kind) => world.waiting?.includes(kind) ?? false,
        plan: async ({ id }) => {
          planned.push(id);
          return { nonce: 0 };
        },
      },
      terms: { leaseEpochs: 100 },
      epochs: { epochBlocks: 100, firstBlock: 7 },
      head: () => ({ latest: world.latest ?? 7 + 10 * 100 + 99 }),
      leastGain: 20,
    };
    await tendLease(deps);
    return planned;
  };

  it("is renewed when half of the lease is over", async () => {
    expect(mustRenew(10, 110, 100)).to.equal(false);
    expect(mustRenew(60, 110, 100)).to.equal(false);
    expect(mustRenew(61, 110, 100)).to.equal(true);
    expect(await tend({ epoch: 61, lease: { slot: 5, leaseEnd: 110 } })).to.deep.equal(["renew 61"]);
    expect(await tend({ epoch: 60, lease: { slot: 5, leaseEnd: 110 } })).to.deep.equal([]);
  });

  it("lapses the dead when it is its turn, and never itself", async () => {
    expect(await tend({ lapsed: [3, 5, 9] })).to.deep.equal(["lapse 3", "lapse 9"]);
    // Right behind 4, one place after 3, and last after 6.
    expect(await tend({ lapsed: [3, 4, 6], latest: 7 + 1_000 })).to.deep.equal(["lapse 4"]);
    expect(await tend({ lapsed: [3], lease: null })).to.deep.equal([]);
  });

  it("withdraws what it earned when that is worth the gas", async () => {
    expect(await tend({ credit: 19n })).to.deep.equal([]);
    expect(await tend({ credit: 20n })).to.deep.equal(["withdraw"]);
    expect(await tend({ credit: 10n ** 9n, cost: new ZgError("ChainReverted", {}) })).to.deep.equal([]);
    expect(await tend({ credit: 20n, lease: null })).to.deep.equal(["withdraw"]);
  });

  it("waits for its own like on its way, and for nothing else: a stuck claim costs no place", async () => {
    const due = { epoch: 99 } as const;
    expect(await tend({ ...due, waiting: ["renew"] })).to.deep.equal([]);
    expect(await tend({ ...due, waiting: ["audit", "ticket", "lapse", "credit"] })).to.deep.equal(["renew 99"]);
    const both = { credit: 100n, lapsed: [3] };
    expect(await tend({ ...both, waiting: ["lapse"] })).to.deep.equal(["withdraw"]);
    expect(await tend({ ...both, waiting: ["credit"] })).to.deep.equal(["lapse 3"]);
  });

  it("takes turns: each slot another one, nobody after half of the window", () => {
    const turns = Array.from({ length: 200 }, (_, own) => turnOf(own, 7, 10_000));
    expect(new Set(turns).size).to.equal(200);
    expect(turns[8]).to.equal(0);
    expect(turnOf(null, 7, 10_000)).to.equal(turns[7]);
    expect(Math.max(...Array.from({ length: 200 }, (_, own) => turnOf(own, 7, 10)))).to.equal(5);
  });
});
