import { expect } from "chai";
import { computeAddress, type EventLog } from "ethers";
import { partyKeys } from "../../devnet/keys.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isAudited } from "../../protocol/sampling.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";

/** What follows a signature: audits, tickets, and what silence costs. */
describe("validators after the confirmation", function () {
  this.timeout(300_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork();
  });
  after(() => network?.stop());

  type Contract = "sampling" | "signers" | "entrance";
  const eventsOf = async (contract: Contract, name: string, ...args: unknown[]): Promise<EventLog[]> => {
    const { [contract]: at } = network.context.chain;
    return (await at.queryFilter(at.filters[name]?.(...args) as never, 0)) as EventLog[];
  };
  const disperse = async (bytes: number): Promise<Hex> => {
    const id = await network.post(randomPayload(bytes));
    return (await network.until(id, ({ status }) => status === "FINALIZED")).batchId as Hex;
  };
  const call = async (contract: Contract, name: string, ...args: unknown[]) =>
    network.context.chain[contract].getFunction(name)(...args);

  it("answer every audit, and claim what their samples win, to the wei", async () => {
    // One in eight is asked, and a ticket in so many wins: a few batches bring some of both.
    for (let batches = 0; batches < 20; batches++) {
      await disperse(900_000);
      const [answered, claimed] = [
        await eventsOf("sampling", "AuditAnswered"),
        await eventsOf("sampling", "SampleClaimed"),
      ];
      if (answered.length > 0 && claimed.length > 0) break;
    }
    const answered = await network.mineUntil(async () => {
      const found = await eventsOf("sampling", "AuditAnswered");
      return found.length > 0 && found;
    }, "an audit is answered");
    const claimed = await network.mineUntil(async () => {
      const found = await eventsOf("sampling", "SampleClaimed");
      return found.length > 0 && found;
    }, "a ticket is claimed");
    expect(answered.length).to.be.at.least(1);
    for (const { args } of claimed) expect(args.paid).to.equal(args.prize);
    expect(await eventsOf("signers", "Slashed")).to.deep.equal([]);

    // What the pool lost is what the validators were credited, whether they have withdrawn it or not.
    const accounts = new Set(claimed.map(({ args }) => args.account as string));
    for (const account of accounts) {
      const earned = claimed
        .filter(({ args }) => args.account === account)
        .reduce((sum, { args }) => sum + args.paid, 0n);
      const taken = await eventsOf("entrance", "Withdrawn", account);
      const withdrawn = taken.reduce((sum, { args }) => sum + args.amount, 0n);
      expect((await call("entrance", "credit", account)) + withdrawn, account).to.be.at.least(earned);
    }
  });

  it("that can not answer lose stake and their slot to who accuses them; the others go on (A18)", async () => {
    const { data } = network;
    // Without money they sign, and cannot show what they sampled.
    const poor = new Map<number, Hex>();
    for (const id of [2, 3]) {
      const address = computeAddress((await partyKeys(data, `validator-${id}`)).wallet);
      await network.devChain?.request("hardhat_setBalance", [address, "0x0"]);
      poor.set(Number(await call("signers", "slotOf", address)), address.toLowerCase() as Hex);
    }
    const terms = await call("sampling", "terms");
    const found = async (): Promise<{ batchId: Hex; account: Hex; slot: number }> => {
      for (;;) {
        const batchId = await disperse(1_000);
        const [confirmed] = await eventsOf("entrance", "BatchConfirmed", batchId);
        for (const [slot, account] of poor) {
          const signed = ((confirmed?.args.absent as bigint) >> BigInt(slot)) % 2n === 0n;
          const asked = isAudited(confirmed?.args.auditSeed, slot, Number(terms.auditBps));
          if (signed && asked) return { batchId, account, slot };
        }
      }
    };
    const { batchId, account, slot } = await found();
    const before: bigint = (await call("signers", "bondOf", account)).staked;
    expect(before).to.be.above(0n);

    await network.devChain?.mine(Number(terms.auditWindow));
    const event = await network.mineUntil(async () => {
      const events = await eventsOf("sampling", "SilenceSlashed", batchId);
      return events.find(({ args }) => Number(args.slot) === slot);
    }, "somebody accuses it");
    const amount = (before * BigInt(await call("signers", "slashBps"))) / 10_000n;
    expect(event.args.amount).to.equal(amount);
    const [bond, reporter] = [await call("signers", "bondOf", account), event.args.reporter as string];
    expect([bond.staked, bond.unbonding]).to.deep.equal([0n, before - amount]);
    const reward = (amount * BigInt(await call("signers", "reporterBps"))) / 10_000n;
    expect((await call("signers", "bondOf", reporter)).withdrawable).to.be.at.least(reward);
    expect([...poor.values()]).not.to.include(reporter.toLowerCase());
    // It still counts for two epochs, and signs; who is left can confirm with it and without it.
    await disperse(1_000);
  });
});
