import { expect } from "chai";
import { openBucket } from "../../adapters/bucket.ts";
import { knownKeys } from "../../devnet/keys.ts";
import { workersOf } from "../../devnet/parties.ts";
import challenge from "../../tasks/challenge.ts";
import { addressOfKey } from "../../tasks/lib/party.ts";
import retrieve from "../../tasks/retrieve.ts";
import sample from "../../tasks/sample.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { keys } from "../../workers/records.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { honestly, type Liar, startLiar, withholding } from "./liar.ts";
import { runTask } from "./task.ts";
import { startVictim, type Victim } from "./victim.ts";

/** Nodes and validators that have everything and give nothing; the batcher is a process of its own, and may die. */
describe("challenges of a certified batch", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nodes: Liar[];
  let batcher: Victim;
  let batcherAddress: string;
  let blob: BlobView;
  before(async () => {
    const all = workersOf({ storageNodes: ["", ""], validators: ["", "", "", ""], kvNodes: [], miners: [] } as never);
    network = await startTestNetwork({ embed: all.filter((name) => name !== "batcher") });
    batcher = await startVictim(network.data, "batcher");
    batcherAddress = addressOfKey((await knownKeys(network.data, "disperser"))?.wallet as `0x${string}`);
    const holders = all.filter((name) => /^(storage|validator)-/.test(name));
    nodes = await Promise.all(holders.map((name) => startLiar(network, name)));
    const id = await network.post(randomPayload(150_000));
    blob = await network.until(id, ({ status }) => status === "FINALIZED");
  });
  after(async () => {
    await batcher?.stop();
    await network?.stop();
  });

  const silence = (): void => {
    for (const node of nodes) node.twist = withholding(() => true);
  };
  const cell = (row: number, column: number) => ({ batch: blob.batchId as string, row, column, anyway: false });
  const call = (contract: "entrance" | "challenges", name: string, ...args: unknown[]) =>
    network.context.chain[contract].getFunction(name)(...args);
  const died = (victim: Victim) => {
    const death: { how?: NodeJS.Signals | number } = {};
    void victim.death.then((how) => {
      death.how = how;
    });
    return death;
  };
  /** What an answer earned is taken out, and nothing of the challenge is left to do. */
  const settled = async (): Promise<boolean> => {
    const bucket = await openBucket(network.network.bucket);
    try {
      for await (const _ of bucket.list(keys.challenges)) return false;
      return (await call("challenges", "credit", batcherAddress)) === 0n;
    } finally {
      await bucket.close();
    }
  };

  it("cost nothing where somebody gives the cell", async () => {
    const done = await runTask(network, challenge, cell(1, 100));
    expect(done).to.include({ outcome: "served" });
    expect([...network.network.storageNodes, ...network.network.validators]).to.include(done.source);
  });

  it("are answered by the batcher when every node is silent, and earn it the bond", async () => {
    silence();
    const done = await runTask(network, challenge, cell(1, 100));
    expect(done).to.include({ outcome: "answered", by: batcherAddress });
    const required = await call("challenges", "requiredBond", blob.batchId);
    expect([done.bond, done.deposit, done.withdrawn]).to.deep.equal(
      [required, required / 2n, required / 2n].map(String),
    );
    await network.mineUntil(settled, "the bond is taken out");
  });

  it("are not made of a cell that was shown once: its bytes are on chain", async () => {
    const done = await runTask(network, challenge, cell(1, 100));
    expect(done).to.include({ outcome: "answered", by: batcherAddress }).and.not.have.property("bond");
    expect(await call("challenges", "openChallenges", blob.batchId)).to.equal(0n);
  });

  for (const point of ["challenge-seen", "answer-paid"]) {
    it(`are answered once by a batcher that dies at ${point} (A43)`, async () => {
      const column = point === "answer-paid" ? 3 : 4;
      await batcher.arm(point);
      const death = died(batcher);
      const running = runTask(network, challenge, cell(0, column));
      await network.mineUntil(async () => death.how, point);
      expect(death.how).to.equal("SIGKILL");
      await batcher.restart();
      expect(await running).to.include({ outcome: "answered", by: batcherAddress });
      await network.mineUntil(settled, "the bond is taken out");
      const { challenges } = network.context.chain;
      const answers = await challenges.queryFilter(challenges.filters.Answered?.(blob.batchId) as never, 0);
      expect(answers.filter((event) => "args" in event && Number(event.args.column) === column).length).to.equal(1);
    });
  }

  it("that nobody answers flag the batch and take its bond; who asked has his own back", async () => {
    const { bond } = await call("entrance", "record", blob.batchId);
    await batcher.stop();
    const running = runTask(network, challenge, cell(1, 127));
    await network.mineUntil(
      async () => (await call("challenges", "openChallenges", blob.batchId)) === 1n,
      "challenged",
    );
    await network.devChain?.mine(260);
    const done = await running;
    expect(done).to.include({ outcome: "withheld", reward: String(bond / 2n) });
    expect(done.withdrawn).to.equal(String(bond / 2n + BigInt(String(done.bond)) + BigInt(String(done.deposit))));
    const record = await call("entrance", "record", blob.batchId);
    expect([record.withheld, record.bondLost]).to.deep.equal([true, true]);

    await batcher.restart();
    const view = await network.until(blob.requestId, ({ flags }) => flags !== undefined);
    expect(view.flags?.map(({ what, reporter }) => [what, reporter])).to.deep.equal([["Withheld", done.challenger]]);
    for (const node of nodes) node.twist = honestly;
    const out = `${network.data}/read-back`;
    expect(await runTask(network, retrieve, { id: blob.blobKey as string, out })).to.include({ withheld: true });
    const sampled = await runTask(network, sample, { id: blob.batchId as string, samples: 4 });
    expect(sampled).to.deep.include({ flags: ["Withheld"], verified: 4 });
  });

  it("hold no bond back that was kept: it is released after the retention, once (A43)", async () => {
    const id = await network.post(randomPayload(1000));
    for (const node of nodes) node.twist = honestly;
    const { batchId } = await network.until(id, ({ status }) => status === "FINALIZED");
    await batcher.arm("bond-released");
    const death = died(batcher);
    await network.devChain?.mine(Number(await call("entrance", "retention")) + 10);
    await network.mineUntil(async () => death.how, "bond-released");
    await batcher.restart();
    await network.mineUntil(async () => {
      const { bondWithdrawn } = await call("entrance", "record", batchId);
      return bondWithdrawn && (await call("entrance", "credit", batcherAddress)) === 0n;
    }, "the bond is back");
    const bucket = await openBucket(network.network.bucket);
    const left = async (): Promise<boolean> => {
      for await (const _ of bucket.list(keys.bonds)) return false;
      return true;
    };
    await network.mineUntil(left, "no bond is left on record");
    await bucket.close();
    const { entrance } = network.context.chain;
    const released = await entrance.queryFilter(entrance.filters.BondReleased?.(batchId) as never, 0);
    expect(released.length).to.equal(1);
  });
});
