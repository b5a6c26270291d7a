import { expect } from "chai";
import type { RpcLog } from "../../../adapters/chain.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { minerIdOf } from "../../../protocol/pora.ts";
import { createCalls } from "../../../workers/miner/calls.ts";
import { createIdentity, findMinerId, type IdentityDeps, SEED } from "../../../workers/miner/identity.ts";
import { hash } from "./world.ts";

const ACCOUNT: Hex = `0x${"aa".repeat(20)}`;
const STRANGER: Hex = `0x${"bb".repeat(20)}`;
const MINE: Hex = `0x${"77".repeat(20)}`;
const TOPIC = hash("NewMinerId");

/** Blocks in which ids were requested, all of them for ACCOUNT. */
const chainOf = (requests: readonly { block: number; minerId: Hex; hash?: Hex }[], finalized: number) => {
  const asked: { from: number; to: number; topics: unknown }[] = [];
  const chain = {
    addresses: { PoraMine: MINE },
    mine: { interface: { getEvent: () => ({ topicHash: TOPIC }) } },
    finalized: async () => finalized,
    header: async (number: number) => ({
      number,
      hash: hash(`${number}`),
      parentHash: hash(`${number - 1}`),
      timestamp: 1,
    }),
    logs: async ({ from, to, topics }: { from: number; to: number; topics: unknown }) => {
      asked.push({ from, to, topics });
      return requests
        .filter(({ block }) => block >= from && block <= to)
        .map(({ block, minerId, hash: own }) => ({
          blockNumber: block,
          blockHash: own ?? hash(`${block}`),
          data: minerId,
        }));
    },
    decode: ({ data }: RpcLog) => ({ args: { minerId: data } }),
  } as unknown as IdentityDeps["chain"];
  return { chain, asked };
};
const idAt = (block: number, sender = ACCOUNT): Hex => minerIdOf(hash(`${block - 1}`), sender, SEED);

describe("a miner's id", () => {
  const identityOn = (chain: IdentityDeps["chain"]) => {
    const state = { minerId: undefined as Hex | undefined, planned: [] as string[] };
    const look = createIdentity({
      ...{ chain, beneficiary: ACCOUNT, fromBlock: 3 },
      db: {
        minerId: () => state.minerId,
        setMinerId: async (minerId) => {
          state.minerId = minerId;
        },
      },
      calls: { requestId: () => ({ id: "miner-id", kind: "id", to: MINE, data: "0x", value: "0" }) },
      wallet: {
        address: ACCOUNT,
        plan: async ({ id }) => {
          state.planned.push(id);
          return { nonce: 0 };
        },
      },
    });
    return { state, look };
  };

  it("is the first that its own key requested, and not one that a stranger requested for it (A27)", async () => {
    const requests = [
      { block: 5, minerId: idAt(5, STRANGER) },
      { block: 7, minerId: idAt(7) },
      { block: 9, minerId: idAt(9) },
    ];
    const { chain, asked } = chainOf(requests, 20);
    const range = { from: 0, to: 20 };
    expect(await findMinerId(chain, { account: ACCOUNT, beneficiary: ACCOUNT }, range)).to.equal(idAt(7));
    expect(asked[0]?.topics).to.deep.equal([TOPIC, null, `0x${"00".repeat(12)}${"aa".repeat(20)}`]);
    expect(await findMinerId(chain, { account: `0x${"cc".repeat(20)}`, beneficiary: ACCOUNT }, range)).to.equal(
      undefined,
    );
  });

  it("is another one for another beneficiary", () => {
    const chain = { addresses: { PoraMine: MINE }, mine: { interface: { encodeFunctionData: () => "0x" } } };
    const { requestId } = createCalls(chain as unknown as Parameters<typeof createCalls>[0]);
    expect(requestId(ACCOUNT, SEED).id).to.equal(requestId(ACCOUNT, SEED).id);
    expect(requestId(STRANGER, SEED).id).to.not.equal(requestId(ACCOUNT, SEED).id);
  });

  it("is requested once, and used when no reorg can take it back any more", async () => {
    const requests = [{ block: 12, minerId: idAt(12) }];
    const below = identityOn(chainOf(requests, 11).chain);
    expect(await below.look()).to.equal(undefined);
    expect(below.state).to.deep.equal({ minerId: undefined, planned: ["miner-id"] });
    const final = identityOn(chainOf(requests, 12).chain);
    expect(await final.look()).to.equal(idAt(12));
    expect(final.state).to.deep.equal({ minerId: idAt(12), planned: [] });
  });

  it("is looked for in new blocks only, and not at all when it is known", async () => {
    let finalized = 10;
    const { chain, asked } = chainOf([], 0);
    const { look, state } = identityOn({ ...chain, finalized: async () => finalized });
    await look();
    finalized = 15;
    await look();
    expect(asked.map(({ from, to }) => [from, to])).to.deep.equal([
      [3, 10],
      [11, 15],
    ]);
    state.minerId = idAt(4);
    await look();
    expect(asked).to.have.length(2);
  });

  it("is never taken from a node that tells of another block", async () => {
    const { chain } = chainOf([{ block: 7, minerId: idAt(7), hash: hash("elsewhere") }], 20);
    const error = await identityOn(chain)
      .look()
      .catch((thrown: ZgError) => thrown);
    expect(error).to.be.instanceOf(ZgError).with.property("code", "BadResponse");
  });
});
