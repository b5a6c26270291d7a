import { expect } from "chai";
import { Redis } from "ioredis";
import { startWorker } from "../../devnet/parties.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

describe("replicas of a finalized blob", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork();
  });
  after(() => network?.stop());

  const stateAt = async (node: number, batchId: string): Promise<string | undefined> => {
    const url = `${network.network.storageNodes[node]}/batches/${batchId}`;
    const reply = await fetch(url).catch(() => undefined);
    return reply?.ok ? ((await reply.json()) as { state: string }).state : undefined;
  };
  const payload = randomPayload(300_000);
  const disperse = async () => {
    const id = await network.post(payload);
    return network.until(id, ({ status }) => status === "FINALIZED");
  };

  it("reach a node that was down during the whole life of the blobs, from Redis that is empty, after a restart", async () => {
    const { context, data, workers } = network;
    await workers.get("storage-1")?.stop();
    const views = [await disperse(), await disperse()];
    await workers.get("batcher")?.stop();
    const redis = new Redis(network.network.redis.replace(/^unix:\/\//, ""));
    await redis.flushall();
    redis.disconnect();
    workers.set("storage-1", await startWorker(context, data, "storage-1"));
    workers.set("batcher", await startWorker(context, data, "batcher"));
    for (const { batchId } of views) {
      await network.mineUntil(
        async () => (await stateAt(1, batchId as string)) === "settled",
        "settled at the other node",
      );
    }
    // The first node is not needed any more.
    await workers.get("storage-0")?.stop();
    const read = await network.read(views[0]?.blobKey as string);
    expect(Buffer.from(read).equals(Buffer.from(payload))).to.equal(true);
    workers.set("storage-0", await startWorker(context, data, "storage-0"));
  });

  it("reach a node that comes back while the batcher goes on", async () => {
    const { context, data, workers } = network;
    await workers.get("storage-0")?.stop();
    const { batchId } = await disperse();
    workers.set("storage-0", await startWorker(context, data, "storage-0"));
    await network.mineUntil(
      async () => (await stateAt(0, batchId as string)) === "settled",
      "settled at the first node",
    );
  });
});
