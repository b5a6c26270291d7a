import { expect } from "chai";
import type { EventLog } from "ethers";
import { Redis } from "ioredis";
import { z } from "zod";
import { startWorker } from "../../devnet/parties.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";

const Status = z.object({
  minerId: z.string().nullable(),
  account: z.string(),
  sealed: z.object({ loads: z.number(), total: z.number() }),
  accepted: z.number(),
  earned: z.string(),
  owed: z.string().nullable(),
});
type Status = z.infer<typeof Status>;

/** Deeper than the reorg of the test. */
const FINALITY = 14;

/** Two miners, each with half of the log, on storage nodes that hold half of it each. */
describe("miners of a network", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork({
      ...{ storageNodes: 2, validators: 2, miners: 2, storage: { shards: 2 }, finality: FINALITY },
      mining: { shards: 2, share: 1, leastGain: 0 },
    });
  });
  after(() => network?.stop());

  const restart = async (id: number): Promise<void> => {
    const { workers, context, data } = network;
    await workers.get(`miner-${id}`)?.stop();
    workers.set(`miner-${id}`, await startWorker(context, data, `miner-${id}`));
  };
  const status = async (id: number): Promise<Status> =>
    Status.parse(await (await fetch(`${network.network.miners[id]}/status`)).json());
  const eventsOf = async (
    contract: "mine" | "reward" | "flow",
    name: string,
    ...args: unknown[]
  ): Promise<EventLog[]> => {
    const { [contract]: at } = network.context.chain;
    return (await at.queryFilter(at.filters[name]?.(...args) as never, 0)) as EventLog[];
  };
  const untilPaidAgain = async (): Promise<void> => {
    for (const id of [0, 1]) {
      const { accepted } = await status(id);
      await network.mineUntil(async () => (await status(id)).accepted > accepted, `miner ${id} is paid again`);
    }
  };
  const disperse = async (bytes: number): Promise<void> => {
    const id = await network.post(randomPayload(bytes));
    await network.until(id, ({ status }) => status === "FINALIZED");
  };

  it("earn from the fees of dispersed blobs, each with its own part of them", async () => {
    await disperse(600_000);
    for (const id of [0, 1]) {
      await network.mineUntil(async () => (await status(id)).accepted > 0, `miner ${id} is paid`);
    }
    for (const id of [0, 1]) {
      const { minerId, sealed } = await status(id);
      expect(sealed.loads).to.be.greaterThan(0);
      const answers = await eventsOf("mine", "NewSubmission", null, minerId);
      expect(answers.length).to.be.greaterThan(0);
      for (const { args } of answers) {
        expect(Math.floor(Number(args.recallPosition) / SECTORS_PER_SEGMENT) % 2).to.equal(id);
      }
    }
  });

  it("say to the wei what they earned, and withdraw it", async () => {
    const { reward } = network.context.chain;
    const sum = (events: readonly EventLog[]): bigint =>
      events.reduce((all, { args }) => all + BigInt(args.amount), 0n);
    for (const id of [0, 1]) {
      const { account, minerId } = await status(id);
      await network.mineUntil(
        async () => (await eventsOf("reward", "Withdrawn", account)).length > 0,
        `${id} withdraws`,
      );
      // Between two blocks, when the miner has followed the last one.
      const isSettled = async (): Promise<boolean> => {
        const paid = sum(await eventsOf("reward", "DistributeReward", null, null, minerId));
        const out = sum(await eventsOf("reward", "Withdrawn", account));
        const owed = BigInt(await reward.getFunction("payments")(account));
        expect(paid).to.equal(out + owed);
        return BigInt((await status(id)).earned) === paid;
      };
      await network.mineUntil(isSettled, `miner ${id} says what it earned`);
    }
  });

  it("go on after a restart, and when Redis forgets everything (A41)", async () => {
    const before = await Promise.all([0, 1].map(status));
    for (const id of [0, 1]) await restart(id);
    for (const id of [0, 1]) expect((await status(id)).minerId).to.equal(before[id]?.minerId);
    const url = network.network.redis;
    const redis = new Redis(url.startsWith("unix:") ? new URL(url).pathname : url);
    await redis.flushall();
    await disperse(700_000);
    await redis.flushall();
    redis.disconnect();
    await untilPaidAgain();
    expect(await eventsOf("mine", "NewMinerId")).to.have.length(2);
  });

  it("seal again what a reorg took the context of, and are paid for it", async () => {
    const { devChain, context } = network;
    if (devChain === null) throw new Error("a chain of our own");
    await disperse(500_000);
    const { flow } = context.chain;
    const [first, blocks] = await Promise.all(
      ["firstBlock", "blocksPerEpoch"].map(async (f) => Number(await flow.getFunction(f)())),
    );
    const toBoundary = async () => blocks! - (((await context.chain.head()) - first!) % blocks!);
    await network.mineUntil(async () => (await toBoundary()) === 1, "the last block of an epoch");
    const epoch = Number(await flow.getFunction("epoch")());
    const snapshot = await devChain.request("evm_snapshot", []);
    const from = await context.chain.head();
    await network.mineUntil(async () => Number(await flow.getFunction("epoch")()) > epoch, "the epoch is begun");
    const contexts = async () => (await eventsOf("flow", "NewEpoch")).map(({ args }) => String(args.context));
    const gone = (await contexts()).at(-1);
    expect((await context.chain.head()) - from).to.be.lessThan(FINALITY - 2);
    await devChain.request("evm_revert", [snapshot]);
    await devChain.request("evm_increaseTime", [100]);
    await network.mineUntil(async () => Number(await flow.getFunction("epoch")()) > epoch, "the epoch is begun again");
    expect(await contexts()).to.not.include(gone);
    await untilPaidAgain();
  });
});
