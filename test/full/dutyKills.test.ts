import { expect } from "chai";
import type { EventLog } from "ethers";
import { workersOf } from "../../devnet/parties.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { startVictim, type Victim } from "../e2e/victim.ts";

interface Status {
  readonly account: string;
  readonly slot: number;
  readonly transactions: number;
  readonly head: { readonly latest: number };
  readonly duties: { readonly accuse: number };
}

/** Looks between two tries, a tenth of a second each: longer than the parties' own timers. */
const LOOKS = 8;
const VICTIM = "validator-0";

/** What is done the first time only. */
const first = (work: () => Promise<unknown> | undefined): (() => Promise<unknown>) => {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await work();
  };
};

/** [A43] A validator that dies when it has just written down what it will send: it is sent once, by the next process. */
describe("a validator that is killed over its duties", function () {
  this.timeout(300_000);
  let network: TestNetwork;
  let victim: Victim;
  let account: string;
  before(async () => {
    const parties = { storageNodes: ["", ""], validators: ["", "", "", ""], kvNodes: [], miners: [] };
    const survivors = workersOf(parties as never).filter((name) => name !== VICTIM);
    network = await startTestNetwork({ embed: survivors });
    victim = await startVictim(network.data, VICTIM);
    account = (await status(VICTIM)).account;
  });
  after(async () => {
    await victim?.stop();
    await network?.stop();
  });

  const status = async (name: string): Promise<Status> => {
    const url = network.network.validators[Number(name.split("-")[1])] as string;
    return (await (await fetch(`${url}/status`)).json()) as never;
  };
  type Contract = "sampling" | "signers" | "entrance";
  const eventsOf = async (contract: Contract, name: string, ...args: unknown[]): Promise<EventLog[]> => {
    const { [contract]: at } = network.context.chain;
    return (await at.queryFilter(at.filters[name]?.(...args) as never, 0)) as EventLog[];
  };
  const call = async (contract: Contract, name: string, ...args: unknown[]) =>
    network.context.chain[contract].getFunction(name)(...args);
  const disperse = async (bytes: number): Promise<void> => {
    const id = await network.post(randomPayload(bytes));
    await network.until(id, ({ status: stage }) => stage === "CONFIRMED" || stage === "FINALIZED");
  };
  /** Until the victim is dead of the point; then it is back, and all that it had planned is sent. */
  const diesAt = async (point: string, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> => {
    await victim.arm(point);
    let how: NodeJS.Signals | number | undefined;
    void victim.death.then((signal) => {
      how = signal;
    });
    for (let tries = 0; how === undefined && tries < 60; tries++) {
      await meanwhile();
      // A few blocks, and with them the time for its edges to look: they do on a timer.
      let looks = 0;
      await network.mineUntil(async () => how !== undefined || ++looks > LOOKS);
    }
    expect(how, point).to.equal("SIGKILL");
    await victim.restart();
    await network.mineUntil(async () => (await status(VICTIM)).transactions === 0, `${point}: all is sent`);
  };
  const once = (events: readonly EventLog[], key: (event: EventLog) => string): void => {
    expect(new Set(events.map(key)).size).to.equal(events.length);
  };

  it("claims a ticket once", async () => {
    await diesAt("ticket-planned", () => disperse(900_000));
    const own = async (): Promise<boolean> =>
      (await eventsOf("sampling", "SampleClaimed")).some(({ args }) => args.account.toLowerCase() === account);
    // Its round may be full when the transaction comes: then another ticket, of another batch, is claimed.
    for (let batches = 0; !(await own()) && batches < 20; batches++) await disperse(900_000);
    expect(await own()).to.equal(true);
    once(await eventsOf("sampling", "SampleClaimed"), ({ args }) => `${args.batchId} ${args.slot} ${args.index}`);
  });

  it("withdraws what it earned", async () => {
    await diesAt("credit-planned", () => disperse(900_000));
    expect(await eventsOf("entrance", "Withdrawn", account)).not.to.deep.equal([]);
  });

  it("answers an audit once", async () => {
    await diesAt("audit-planned", () => disperse(1_000));
    const answers = await eventsOf("sampling", "AuditAnswered");
    once(answers, ({ args }) => `${args.batchId} ${args.slot}`);
    const { slot } = await status(VICTIM);
    expect(answers.some(({ args }) => Number(args.slot) === slot)).to.equal(true);
  });

  it("renews its lease", async () => {
    const [lease, blocks] = [
      Number(await call("signers", "leaseEpochs")),
      Number(await call("signers", "epochBlocks")),
    ];
    const { slot } = await status(VICTIM);
    const before = (await call("signers", "signer", slot)).leaseEnd;
    // Armed before the blocks come: it looks while they do.
    await diesAt(
      "renew-planned",
      first(() => network.devChain?.mine(Math.ceil((lease / 2 + 2) * blocks))),
    );
    expect((await call("signers", "signer", slot)).leaseEnd).to.be.above(before);
  });

  it("accuses one that is silent, and takes one out that is dead", async () => {
    const [lease, blocks] = [
      Number(await call("signers", "leaseEpochs")),
      Number(await call("signers", "epochBlocks")),
    ];
    // All others are gone from here on, so that it is the victim's turn.
    for (const name of ["validator-1", "validator-2", "validator-3"]) {
      const { account: poor } = await status(name);
      await network.devChain?.request("hardhat_setBalance", [poor, "0x0"]);
    }
    const audits = async () => (await call("sampling", "terms")).auditWindow as bigint;
    await diesAt("accuse-planned", async () => {
      await disperse(1_000);
      await network.devChain?.mine(Number(await audits()) + 160);
      // It is dead, or found nobody silent: further blocks would close the window on what it has just planned.
      const { chain } = network.context;
      const head = await chain.head();
      await network.mineUntil(async () => {
        const seen = await status(VICTIM).catch(() => null);
        return seen === null || (seen.head.latest >= head && seen.duties.accuse === 0);
      }, "the victim has looked");
    });
    const slashes = await eventsOf("sampling", "SilenceSlashed");
    once(slashes, ({ args }) => `${args.batchId} ${args.slot}`);
    expect(slashes.some(({ args }) => args.reporter.toLowerCase() === account)).to.equal(true);

    for (const name of ["validator-1", "validator-2", "validator-3"]) await network.workers.get(name)?.stop();
    const halfALease = async () => network.devChain?.mine(Math.ceil((lease / 2 + 2) * blocks));
    // Twice, in steps in which it renews its own; the third ends the others' leases, and finds it armed.
    for (let step = 0; step < 2; step++) {
      const { slot } = await status(VICTIM);
      const end = (await call("signers", "signer", slot)).leaseEnd;
      await halfALease();
      await network.mineUntil(async () => (await call("signers", "signer", slot)).leaseEnd > end, "renewed");
    }
    const onWithIt = first(halfALease);
    await diesAt("lapse-planned", async () => {
      await onWithIt();
      await network.devChain?.mine(blocks / 2);
    });
    expect((await eventsOf("signers", "Left")).some(({ args }) => Number(args.departure) === 1)).to.equal(true);
  });
});
