import { expect } from "chai";
import { Redis } from "ioredis";
import { openBucket } from "../../adapters/bucket.ts";
import { startWorker } from "../../devnet/parties.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import { hasReached } from "../../protocol/status.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { Accepted, Encoded, headerOf, keys } from "../../workers/records.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

/** What the chain takes back, Redis forgets and a careless operator starts twice: one network, one fault after another. */
describe("a network with faults", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let redis: Redis;
  before(async () => {
    network = await startTestNetwork({ finality: 40 });
    redis = new Redis(network.network.redis.replace(/^unix:\/\//, ""));
  });
  after(async () => {
    redis?.disconnect();
    await network?.stop();
  });

  const request = (method: string, params: unknown[] = []) => network.devChain!.request(method, params);
  const stages = ({ events }: BlobView): string[] => events.map(({ stage }) => stage);
  /** Without mining: the chain stands still while the parties act. */
  const settles = async (id: string, what: (view: BlobView) => boolean): Promise<BlobView> => {
    for (const started = Date.now(); Date.now() - started < 30_000; ) {
      const view = await network.view(id);
      if (what(view)) return view;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`still ${JSON.stringify(await network.view(id))}`);
  };
  const finalized = async (id: string, payload: Uint8Array): Promise<BlobView> => {
    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
    return view;
  };
  /** In how many confirmed batches each blob is, by the chain and its metadata alone. */
  const confirmedBatches = async (): Promise<Hex[]> => {
    const { entrance } = network.context.chain;
    const events = await entrance.queryFilter(entrance.filters.BatchConfirmed!(), 0);
    return events.map((event) => event.topics[1] as Hex);
  };

  it("takes a submission back with the chain, and confirms it once on the other fork (A46)", async () => {
    await request("evm_mine");
    const snapshot = await request("evm_snapshot");
    const payload = randomPayload(200_000);
    const id = await network.post(payload);
    await settles(id, ({ status }) => hasReached(status, "SUBMITTED"));
    await request("evm_revert", [snapshot]);
    for (let i = 0; i < 3; i++) await request("evm_mine");
    const view = await finalized(id, payload);
    expect(stages(view)).to.include("reorged");
    expect((await confirmedBatches()).filter((batchId) => batchId === view.batchId)).to.have.length(1);
  });

  it("goes back from CONFIRMED when only the confirmation is taken back, and confirms again (A46)", async () => {
    const payload = randomPayload(1000);
    const id = await network.post(payload);
    await settles(id, ({ status }) => hasReached(status, "SUBMITTED"));
    const snapshot = await request("evm_snapshot");
    await network.until(id, ({ status }) => status === "CONFIRMED");
    await request("evm_revert", [snapshot]);
    for (let i = 0; i < 12; i++) await request("evm_mine");
    const view = await finalized(id, payload);
    expect(view.events.find(({ stage }) => stage === "reorged")?.why).to.equal("confirmed");
    expect((await confirmedBatches()).filter((batchId) => batchId === view.batchId)).to.have.length(1);
  });

  for (const status of ["PROCESSING", "ENCODED", "SUBMITTED", "STORED"] as const) {
    it(`survives FLUSHALL while the blob is ${status} (A41)`, async () => {
      const payload = randomPayload(2_000_000);
      const id = await network.post(payload);
      if (status !== "PROCESSING") await network.until(id, (view) => hasReached(view.status, status));
      await redis.flushall();
      await finalized(id, payload);
    });
  }

  it("puts no blob into two batches with two batchers and two encoders on one key", async () => {
    const { context, data } = network;
    const twins = await Promise.all(["batcher", "encoder"].map((name) => startWorker(context, data, name)));
    try {
      const payloads = Array.from({ length: 10 }, () => randomPayload(50_000));
      const ids: string[] = [];
      for (const payload of payloads) ids.push(await network.post(payload));
      const views = await Promise.all(ids.map((id) => network.until(id, (view) => view.status === "FINALIZED")));
      const bucket = await openBucket(network.network.bucket);
      for (const { requestId, batchId } of views) {
        const confirmed = new Set(await confirmedBatches());
        const placements: Hex[] = [];
        for await (const key of bucket.list(keys.placements(requestId as Hex)))
          placements.push(key.split("/").at(-1) as Hex);
        expect(placements.filter((placement) => confirmed.has(placement))).to.deep.equal([batchId]);
      }
      await bucket.close();
    } finally {
      for (const twin of twins) await twin.stop();
    }
  });

  it("ends a blob that every node refuses by name, returns the escrow, and brings its neighbour through", async () => {
    const { context, data, workers } = network;
    // Only the batcher stands still: what it packs next was encoded wrongly.
    await workers.get("batcher")?.stop();
    const payload = randomPayload(3000);
    const good = await network.post(payload);
    const bad = await network.post(randomPayload(5000));
    for (const id of [good, bad]) await settles(id, ({ status }) => status === "ENCODED");
    await swapCommitment(bad as Hex, good as Hex);
    workers.set("batcher", await startWorker(context, data, "batcher"));

    const first = await network.until(bad, ({ status }) => status === "SUBMITTED");
    await settles(bad, ({ refusals }) => refusals.filter(({ code }) => code === "CommitmentMismatch").length === 2);
    await network.devChain!.mine(125);
    const ended = await network.until(bad, ({ status }) => status === "FAILED");
    expect(ended).to.include({ code: "CommitmentMismatch", charged: true, retry: false });
    const view = await finalized(good, payload);
    expect(view.attempt).to.equal(1);
    expect(view.batchBlobs).to.equal(1);
    const record = await context.chain.entrance.getFunction("record").staticCall(first.batchId);
    expect(record.failed).to.equal(true);
  });

  it("ends a blob whose rows are not what was recorded: nodes refuse, nobody signs, the escrow comes back (A9)", async () => {
    const { context, data, workers, devChain } = network;
    const { entrance } = context.chain;
    await workers.get("batcher")?.stop();
    const id = await network.post(randomPayload(4000));
    await settles(id, ({ status }) => status === "ENCODED");
    const bucket = await openBucket(network.network.bucket);
    const rows = Uint8Array.from((await bucket.get(keys.rows(id as Hex))) ?? []);
    rows[1] = (rows[1] as number) ^ 1;
    await bucket.put(keys.rows(id as Hex), rows);
    await bucket.close();
    workers.set("batcher", await startWorker(context, data, "batcher"));

    const refused: string[] = [];
    const ended = await network.until(id, (view) => {
      const batchId = view.batchId as string;
      const refusals = view.refusals.filter(({ code }) => code === "SegmentRootMismatch").length;
      if (refusals === 2 && view.status === "SUBMITTED" && !refused.includes(batchId)) {
        refused.push(batchId);
        void devChain!.mine(125);
      }
      return view.status === "INSUFFICIENT_SIGNATURES";
    });
    expect(refused).to.have.length(3);
    expect(ended.signatures).to.deep.equal([]);
    expect(ended).to.include({ code: "InsufficientSignatures", attempt: 2 });
    const returned = await entrance.queryFilter(entrance.filters.BatchFailed!(), 0);
    expect(returned.map((event) => event.topics[1])).to.include.members(refused);
    // The credit of the failures has left the contract again, to the batcher's own account.
    const submitter = await submitterOf(ended);
    const isEmpty = async () => BigInt(await entrance.getFunction("credit").staticCall(submitter)) === 0n;
    await network.mineUntil(isEmpty, "the credit is withdrawn");
  });

  const submitterOf = async ({ batchId }: BlobView): Promise<string> =>
    (await network.context.chain.entrance.getFunction("record").staticCall(batchId)).submitter;

  /** What a broken encoder would leave behind: a header that is well formed and commits to another blob. */
  const swapCommitment = async (bad: Hex, good: Hex): Promise<void> => {
    const bucket = await openBucket(network.network.bucket);
    const readAs = async <T>(key: string, schema: { parse(value: unknown): T }): Promise<T> =>
      schema.parse(JSON.parse(Buffer.from((await bucket.get(key)) ?? []).toString()));
    const accepted = await readAs(keys.accepted(bad), Accepted);
    const encoded = await readAs(keys.encoded(bad), Encoded);
    const { commitment } = await readAs(keys.encoded(good), Encoded);
    const wrong: Encoded = { ...encoded, commitment };
    const blobKey = blobKeyOf(headerOf(accepted, wrong));
    await bucket.put(keys.encoded(bad), Buffer.from(JSON.stringify({ ...wrong, blobKey })));
    await bucket.put(keys.byBlobKey(blobKey), Buffer.from(bad));
    await bucket.close();
  };
});
