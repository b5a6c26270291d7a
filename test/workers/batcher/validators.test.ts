import { expect } from "chai";
import { aggregateKeys, g1Struct, openKey } from "../../../adapters/bls.ts";
import type { Chain, RpcLog } from "../../../adapters/chain.ts";
import { RpcError } from "../../../adapters/rpc.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { fromHex, type Hex } from "../../../protocol/hex.ts";
import { keccakHex } from "../../../protocol/keccak.ts";
import { createValidators } from "../../../workers/batcher/validators.ts";
import { rejection } from "../../fakes/errors.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, SUBMITTER } from "../facts.ts";

/** A public node: it refuses longer ranges. */
const LONGEST = 700;
const [FROM, FINALIZED, HEAD] = [100, 24_000, 25_000];

const registered = [150, 24_900].map((block, slot) => ({
  block,
  key: openKey(`0x${String(slot + 1).repeat(64)}` as Hex).publicKey,
}));

const setUp = () => {
  const bucket = memoryBucket();
  const asked: [number, number][] = [];
  const faults = { at: Number.POSITIVE_INFINITY };
  const hashOfKey = (slot: number): Hex => keccakHex(fromHex((registered[slot] as { key: Hex }).key));
  const calls: Record<string, (...args: number[]) => unknown> = {
    findSet: () => 0n,
    setAt: () => [2n, keccakHex(fromHex(aggregateKeys(registered.map(({ key }) => key))))],
    signerCount: () => 2n,
    findSlot: () => 0n,
    slotAt: (slot) => [1n, hashOfKey(slot as number)],
    signer: (slot) => ({ socket: `http://validator-${slot}` }),
  };
  const chain = {
    addresses: { DASigners: SUBMITTER },
    signers: {
      interface: { getEvent: () => ({ topicHash: hashOf("Registered") }) },
      getFunction: (name: string) => ({ staticCall: async (...args: number[]) => calls[name]?.(...args) }),
    },
    head: async () => HEAD,
    finalized: async () => FINALIZED,
    logs: async ({ from, to }: { from: number; to: number }) => {
      if (to - from + 1 > LONGEST) throw new RpcError("eth_getLogs", -32005, "block range is too wide", undefined);
      if (from >= faults.at) throw new ZgError("ChainUnreachable");
      asked.push([from, to]);
      const within = registered.filter(({ block }) => block >= from && block <= to);
      return within.map(({ key }) => ({ data: key }) as unknown as RpcLog);
    },
    decode: ({ data }: RpcLog) => ({ args: { key: g1Struct(data) } }),
    errorOf: (error: unknown) => error,
  } as unknown as Chain;
  return { asked, faults, validators: createValidators(chain, bucket, FROM) };
};

describe("the validators of an epoch", () => {
  it("are found in a bucket that knows no key, from a node that gives logs of few blocks at once", async () => {
    const { asked, validators } = setUp();
    const { validators: found } = await validators.of(3);
    expect(found.map(({ key }) => key)).to.deep.equal(registered.map(({ key }) => key));
    // Every block once, for both of them.
    const ends = asked.map(([, to]) => to);
    expect(asked.map(([from]) => from)).to.deep.equal([FROM, ...ends.slice(0, -1).map((to) => to + 1)]);
    expect(ends.at(-1)).to.equal(HEAD);
  });

  it("are looked for from where the node broke off, as far as that was final", async () => {
    const { asked, faults, validators } = setUp();
    faults.at = 24_500;
    await rejection(validators.of(3), "ChainUnreachable");
    faults.at = Number.POSITIVE_INFINITY;
    asked.length = 0;
    await validators.of(3);
    expect(asked[0]?.[0]).to.equal(FINALIZED + 1);
  });
});
