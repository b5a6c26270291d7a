import { expect } from "chai";
import { aggregateKeys, g1Struct, openKey } from "../../../adapters/bls.ts";
import type { Chain } from "../../../adapters/chain.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { fromHex, type Hex } from "../../../protocol/hex.ts";
import { keccakHex } from "../../../protocol/keccak.ts";
import { createValidators } from "../../../workers/batcher/validators.ts";
import { rejection } from "../../fakes/errors.ts";

const EPOCH = 7;
/** On both sides of each page's edge. */
const members = [0, 1, 49, 50, 149, 199].map((slot, index) => ({
  slot,
  hint: index,
  stake: BigInt(index + 1),
  key: openKey(`0x${String(index + 1).repeat(64)}` as Hex).publicKey,
  socket: `http://validator-${slot}`,
}));
const totalStake = members.reduce((sum, { stake }) => sum + stake, 0n);
const sum = aggregateKeys(members.map(({ key }) => key));

/** A node that answers for the contract; `hidden` slots it does not tell of. */
const setUp = () => {
  const state = { hidden: [] as number[], asked: [] as string[] };
  const calls: Record<string, (...args: number[]) => unknown> = {
    findSet: (epoch) => {
      if (epoch !== EPOCH) throw new ZgError("ChainReverted", { error: "BeforeHistory" });
      return 3n;
    },
    setAt: () => [totalStake, keccakHex(fromHex(sum))],
    membersAt: (_epoch, from, to) =>
      members
        .filter(({ slot }) => slot >= (from as number) && slot < (to as number) && !state.hidden.includes(slot))
        .map((member) => ({
          ...member,
          slot: BigInt(member.slot),
          hint: BigInt(member.hint),
          key: g1Struct(member.key),
        })),
  };
  const staticCall =
    (name: string) =>
    async (...args: number[]) => {
      state.asked.push(name);
      return calls[name]?.(...args);
    };
  const chain = {
    signers: { getFunction: (name: string) => ({ staticCall: staticCall(name) }) },
    errorOf: (error: unknown) => error,
  } as unknown as Chain;
  return { state, validators: createValidators(chain) };
};

describe("the validators of an epoch", () => {
  it("are all that the chain counts, each with key, stake, hint and socket", async () => {
    const { validators } = setUp();
    const set = await validators.of(EPOCH);
    expect(set).to.deep.equal({ validators: members, totalStake, hint: 3, aggregateKey: sum });
  });

  it("are not taken from a node that leaves one out: the sum of keys is on record", async () => {
    const { state, validators } = setUp();
    for (const { slot } of members) {
      state.hidden = [slot];
      await rejection(validators.of(EPOCH), "BadResponse");
    }
    state.hidden = members.map(({ slot }) => slot);
    await rejection(validators.of(EPOCH), "NotFound");
    // Nothing of that is kept.
    state.hidden = [];
    expect((await validators.of(EPOCH)).validators).to.have.length(members.length);
  });

  it("are asked for once by all who want them at the same time", async () => {
    const { state, validators } = setUp();
    await Promise.all([validators.of(EPOCH), validators.of(EPOCH), validators.of(EPOCH)]);
    expect(state.asked.filter((name) => name === "setAt")).to.have.length(1);
  });

  it("are nobody before anyone was registered, and that has a name", async () => {
    const { validators } = setUp();
    const error = await rejection(validators.of(1), "ChainReverted");
    expect(error.fields.error).to.equal("BeforeHistory");
  });
});
