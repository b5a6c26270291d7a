import { join } from "node:path";
import { expect } from "chai";
import type { EventLog } from "ethers";
import { z } from "zod";
import { partyKeys } from "../../devnet/keys.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import type { Running } from "../../workers/context.ts";
import { startMiner } from "../../workers/miner/index.ts";
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

/** Two miners, each with half of the log, on storage nodes that hold half of it each. */
describe("miners of a network", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  const miners = new Map<number, Running>();
  before(async () => {
    network = await startTestNetwork({
      ...{ storageNodes: 2, validators: 2, miners: 2, storage: { shards: 2 } },
      embed: ["storage-0", "storage-1", "validator-0", "validator-1", "disperser", "encoder", "batcher", "sender"],
    });
    for (const id of [0, 1]) await start(id);
  });
  after(async () => {
    await Promise.all([...miners.values()].map((miner) => miner.stop()));
    await network?.stop();
  });

  const start = async (id: number): Promise<void> => {
    const { data, network: json, context } = network;
    const name = `miner-${id}`;
    const { wallet } = await partyKeys(data, name);
    const place = { name, dir: join(data, name), redis: json.redis, port: 0 };
    miners.set(id, await startMiner(context, { ...place, wallet, shard: { shardId: id, numShard: 2 }, leastGain: 0 }));
  };
  const status = async (id: number): Promise<Status> =>
    Status.parse(await (await fetch(`${miners.get(id)?.url}/status`)).json());
  const disperse = async (bytes: number): Promise<void> => {
    const id = await network.post(randomPayload(bytes));
    await network.until(id, ({ status }) => status === "FINALIZED");
  };

  it("earn from the fees of dispersed blobs, each with its own part of them", async () => {
    await disperse(600_000);
    for (const id of [0, 1]) {
      await network.mineUntil(async () => (await status(id)).accepted > 0, `miner ${id} is paid`);
    }
    const { mine } = network.context.chain;
    for (const id of [0, 1]) {
      const { minerId, sealed } = await status(id);
      expect(sealed.loads).to.be.greaterThan(0);
      const filter = mine.filters.NewSubmission?.(null, minerId);
      const answers = (await mine.queryFilter(filter as never, 0)) as EventLog[];
      expect(answers.length).to.be.greaterThan(0);
      for (const { args } of answers) {
        expect(Math.floor(Number(args.recallPosition) / SECTORS_PER_SEGMENT) % 2).to.equal(id);
      }
    }
  });
});
