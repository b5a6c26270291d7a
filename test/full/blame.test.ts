import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { computeAddress, type EventLog } from "ethers";
import { z } from "zod";
import { g1Struct, g2Struct, openKey, sumSignatures, verifySignature } from "../../adapters/bls.ts";
import { openClient } from "../../adapters/http-client.ts";
import { partyKeys } from "../../devnet/keys.ts";
import { startWorker } from "../../devnet/parties.ts";
import { attestationMessage } from "../../protocol/attestation.ts";
import { drawColumns } from "../../protocol/column.ts";
import type { Hex } from "../../protocol/hex.ts";
import { hasReached } from "../../protocol/status.ts";
import { createValidators } from "../../workers/batcher/validators.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { signingAnything, startLiar } from "../e2e/liar.ts";

const ANSWER_BLOCKS = 200;
const BLAME_BLOCKS = 300;
const EPOCH_BLOCKS = 60;
/** Every signer of every batch is asked to show a cell; leases are over soon. */
const PARAMETERS = {
  ...{ auditBps: 10_000n, auditWindow: BigInt(ANSWER_BLOCKS), slashWindow: BigInt(BLAME_BLOCKS) },
  ...{ epochBlocks: BigInt(EPOCH_BLOCKS), leaseEpochs: 20n, confirmWindow: 100n },
};
const Answer = z.object({ signature: z.string(), seed: z.string(), epoch: z.number() });

/** Five validators, who are blamed for what they did and for nothing else: A18, A20, A46. */
describe("validators that are held to their signatures", function () {
  this.timeout(300_000);
  let network: TestNetwork;
  const client = openClient();
  before(async () => {
    network = await startTestNetwork({ validators: 5, parameters: PARAMETERS, patienceMs: 240_000 });
  });
  after(async () => {
    client.close();
    await network?.stop();
  });

  const call = async (contract: "sampling" | "signers" | "entrance", name: string, ...args: unknown[]) =>
    network.context.chain[contract].getFunction(name).staticCall(...args);
  const eventsOf = async (contract: "sampling" | "signers" | "entrance", name: string): Promise<EventLog[]> => {
    const { [contract]: at } = network.context.chain;
    return (await at.queryFilter(at.filters[name]?.() as never, 0)) as EventLog[];
  };
  const accountOf = async (id: number): Promise<string> =>
    computeAddress((await partyKeys(network.data, `validator-${id}`)).wallet);
  const slotOf = async (id: number): Promise<number> => Number(await call("signers", "slotOf", await accountOf(id)));
  const stop = (name: string) => network.workers.get(name)?.stop();
  const start = async (name: string) => {
    network.workers.set(name, await startWorker(network.context, network.data, name));
  };
  /** What a validator says now; undefined: no signature. */
  const attestation = async (id: number, batchId: string) =>
    client
      .json(`${network.network.validators[id]}/batches/${batchId}/attestation`, Answer, { maxBytes: 4_096 })
      .catch(() => undefined);
  /** Without mining: the chain stands still while the parties act. */
  const settles = async <T>(what: () => Promise<T | undefined | false>): Promise<T> => {
    for (const started = Date.now(); Date.now() - started < 120_000; ) {
      const found = await what();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`not so: ${what}`);
  };
  const isSubmitted = (view: BlobView): boolean => hasReached(view.status, "SUBMITTED");
  const posted = async (id: string): Promise<BlobView> =>
    settles(async () => {
      const view = await network.view(id);
      return isSubmitted(view) && view;
    });
  const certificateOf = async (batchId: string): Promise<EventLog> => {
    const found = (await eventsOf("entrance", "BatchConfirmed")).find(({ args }) => args.batchId === batchId);
    if (found === undefined) throw new Error("not confirmed");
    return found;
  };

  it("sign again under the new seed when a reorg took the submission, and nobody is blamed for the old signature (A46)", async () => {
    const request = (method: string, params: unknown[] = []) => network.devChain?.request(method, params);
    await request("evm_mine");
    const snapshot = await request("evm_snapshot");
    const payload = randomPayload(100_000);
    const id = await network.post(payload);
    const { batchId = "" } = await posted(id);
    // Signed by all, and not confirmed.
    await stop("sender");
    await request("evm_mine");
    const signedBy = (seed?: string) =>
      settles(async () => {
        const all = await Promise.all([0, 1, 2, 3, 4].map((who) => attestation(who, batchId)));
        const signed = all.filter((one) => one !== undefined && one.seed !== seed);
        return signed.length === 5 && (signed as z.infer<typeof Answer>[]);
      });
    const before = await signedBy();
    await request("evm_revert", [snapshot]);
    for (let i = 0; i < 3; i++) await request("evm_mine");
    await start("sender");
    await network.until(id, (view) => view.batchId === batchId && isSubmitted(view));
    const after = await signedBy(before[0]?.seed);

    const { chain } = network.context;
    const about = { chainId: BigInt(chain.chainId), entrance: chain.addresses.DAEntrance, batchId: batchId as Hex };
    for (const [who, now] of after.entries()) {
      const old = before[who] as z.infer<typeof Answer>;
      expect(now.signature).to.not.equal(old.signature);
      expect(drawColumns(now.signature as Hex, 52)).to.not.deep.equal(drawColumns(old.signature as Hex, 52));
      const key = (await partyKeys(network.data, `validator-${who}`)).bls;
      const message = attestationMessage({ ...about, epoch: BigInt(now.epoch), seed: now.seed as Hex });
      expect(verifySignature(openKey(key).publicKey, message, now.signature as Hex)).to.equal(true);
      expect(verifySignature(openKey(key).publicKey, message, old.signature as Hex)).to.equal(false);
    }
    // All the old ones together are a quorum of nothing.
    const epoch = after[0]?.epoch as number;
    const set = await createValidators(chain).of(epoch);
    const joint = (signed: typeof after) => ({
      signature: g2Struct(sumSignatures(signed.map(({ signature }) => signature as Hex))),
      ...{ aggregateKey: g1Struct(set.aggregateKey), setHint: set.hint, absent: [] },
    });
    const message = attestationMessage({ ...about, epoch: BigInt(epoch), seed: after[0]?.seed as Hex });
    const [signedStake, total] = await call("signers", "verify", epoch, message, joint(after));
    expect(signedStake).to.equal(total);
    const refused = await call("signers", "verify", epoch, message, joint(before)).catch((error: unknown) =>
      chain.errorOf(error),
    );
    expect(refused.fields.error).to.equal("SignatureInvalid");

    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
    expect((await certificateOf(batchId)).args.seed).to.equal(after[0]?.seed);
    await isAnswered(batchId);
    // Whoever could accuse somebody has had the time: another blob comes through, under the eyes of all.
    await network.devChain?.mine(ANSWER_BLOCKS);
    const next = await network.post(randomPayload(1_000));
    await network.until(next, ({ status }) => status === "FINALIZED");
    const { number } = (await chain.header("latest")) ?? { number: 0 };
    expect(number).to.be.below((await certificateOf(batchId)).blockNumber + ANSWER_BLOCKS + BLAME_BLOCKS);
    expect(await eventsOf("sampling", "SilenceSlashed")).to.deep.equal([]);
    expect(await eventsOf("signers", "Slashed")).to.deep.equal([]);
  });

  it("lose stake and slot when they signed without a look, or kept nothing of it; the honest answer and earn it (A18)", async () => {
    const [EMPTIED, LAZY] = [3, 4];
    const [emptied, lazy] = [await slotOf(EMPTIED), await slotOf(LAZY)];
    const lie = await startLiar(network, `validator-${LAZY}`);
    lie.twist = signingAnything(network, `validator-${LAZY}`);
    // There is only a key: whoever asks for anything else hears nothing.
    await lie.retire();

    const id = await network.post(randomPayload(100_000));
    await network.until(id, isSubmitted);
    await stop("sender");
    const { batchId = "" } = await network.until(id, ({ signatures }) => signatures.length === 5);
    await stop(`validator-${EMPTIED}`);
    await rm(join(network.data, `validator-${EMPTIED}`), { recursive: true });
    await start("sender");
    await network.until(id, ({ status }) => status === "CONFIRMED" || status === "FINALIZED");
    expect((await certificateOf(batchId)).args.absent).to.equal(0n);
    await start(`validator-${EMPTIED}`);

    // Nothing is mined but what the parties send: the window does not end because a machine is slow.
    const settled = await settles(async () => {
      const slots: bigint = await call("sampling", "settledOf", batchId);
      return [...slots.toString(2)].filter((bit) => bit === "1").length === 3 && slots;
    });
    expect((settled >> BigInt(emptied)) & 1n).to.equal(0n);
    expect((settled >> BigInt(lazy)) & 1n).to.equal(0n);
    expect(await eventsOf("signers", "Slashed")).to.deep.equal([]);

    await network.devChain?.mine(ANSWER_BLOCKS);
    const slashed = await network.mineUntil(async () => {
      await network.devChain?.mine(2);
      const events = await eventsOf("sampling", "SilenceSlashed");
      return events.length >= 2 && events;
    }, "both are accused");
    expect(slashed.map(({ args }) => [args.batchId, Number(args.slot)])).to.have.deep.members([
      [batchId, emptied],
      [batchId, lazy],
    ]);
    // Whoever lost its own samples may still see that another one is silent; nobody accuses itself.
    const reporters = await Promise.all([0, 1, 2, EMPTIED].map(accountOf));
    const stake: bigint = await call("signers", "minStake");
    const lost = (stake * (await call("signers", "slashBps"))) / 10_000n;
    for (const { args } of slashed) {
      expect(args.amount).to.equal(lost);
      expect(reporters).to.include(args.reporter);
      expect(Number(args.slot) === emptied && args.reporter === reporters[3]).to.equal(false);
    }
    for (const who of [EMPTIED, LAZY]) {
      const bond = await call("signers", "bondOf", await accountOf(who));
      expect([bond.staked, bond.unbonding]).to.deep.equal([0n, stake - lost]);
      expect(bond.jailedUntil).to.be.greaterThan(0n);
    }
    // And nobody else, however long one waits.
    await network.devChain?.mine(BLAME_BLOCKS);
    expect(await eventsOf("sampling", "SilenceSlashed")).to.have.length(2);
  });

  it("that die stop the others until their lease is over: then they are lapsed, and the network confirms again (A20)", async () => {
    await network.mineUntil(async () => (await call("signers", "currentSet"))[1] === 3n * 10n ** 18n, "three count");
    const dead = await slotOf(2);
    await stop("validator-2");
    // Two of three are not more than two thirds.
    const id = await network.post(randomPayload(1_000));
    const stuck = await network.until(id, ({ signatures }) => signatures.length === 2);
    expect(stuck.status).to.equal("STORED");

    const leaseLeft = async (): Promise<number> => {
      const epoch: bigint = await call("signers", "currentEpoch");
      const ends = await Promise.all(
        [0, 1].map(async (who) => (await call("signers", "signer", await slotOf(who))).leaseEnd),
      );
      return Math.min(...ends.map((end: bigint) => Number(end - epoch)));
    };
    const left = await network.mineUntil(async () => {
      // Faster than block by block, but never past a lease of the living: they have half of it to renew.
      if ((await leaseLeft()) > 5) await network.devChain?.mine(20);
      const events = await eventsOf("signers", "Left");
      return events.find(({ args }) => Number(args.slot) === dead);
    }, "the dead one is lapsed");
    expect(left.args.account).to.equal(await accountOf(2));
    await network.mineUntil(async () => (await call("signers", "currentSet"))[1] === 2n * 10n ** 18n, "two count");
    for (const who of [0, 1]) expect(await slotOf(who)).to.be.a("number");

    const payload = randomPayload(50_000);
    const again = await network.post(payload);
    const view = await network.until(again, ({ status }) => status === "FINALIZED");
    expect(view.signatures).to.have.length(2);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
  });

  /** Every signer of the batch has shown its cell. */
  async function isAnswered(batchId: string): Promise<void> {
    const { absent } = (await certificateOf(batchId)).args;
    await settles(async () => {
      const slots: bigint = await call("sampling", "settledOf", batchId);
      return slots === (0b11111n & ~(absent as bigint));
    });
  }
});
