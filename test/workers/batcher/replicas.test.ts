import { expect } from "chai";
import type { Hex } from "../../../protocol/hex.ts";
import { createReplicas, restOf } from "../../../workers/batcher/replicas.ts";
import { keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { answerOf, confirmedAt, hashOf, planOf, submittedAt } from "../facts.ts";
import { put } from "./desk.ts";

const submitted = submittedAt(10);
const seed = submitted.blockHash;
const [a, b] = [planOf(["a"]), planOf(["b"])];

const setUp = (...plans: (typeof a)[]) => {
  const bucket = memoryBucket();
  for (const plan of plans) {
    put(bucket, keys.plan(plan.batchId), plan);
    put(bucket, keys.submitted(plan.batchId), submitted);
    put(bucket, keys.confirmed(plan.batchId), confirmedAt(14));
    put(bucket, keys.closed(plan.batchId), { outcome: "finalized", time: 1 });
    put(bucket, keys.replication(plan.batchId), { retainUntil: 3614 });
  }
  const added: string[] = [];
  let time = 1_000_000;
  const create = () =>
    createReplicas({
      ...{ bucket, nodes: 2, restMs: 500, now: () => time },
      add: async (batchId, node) => void added.push(`${nameOf(batchId)} ${node}`),
    });
  const nameOf = (batchId: Hex): string => (batchId === a.batchId ? "a" : "b");
  const has = (plan: typeof a, node: string, outcome: "staged" | "refused" | "down" = "staged", of = seed): void =>
    put(bucket, keys.answer(plan.batchId, node), answerOf(node, { outcome, seed: of }));
  const marked = (plan: typeof a): boolean => bucket.objects.has(keys.replication(plan.batchId));
  const take = (): string[] => added.splice(0);
  const wait = (ms: number): void => {
    time += ms;
  };
  return { bucket, create, has, marked, take, wait };
};

describe("bringing confirmed batches to nodes that lack them", () => {
  it("asks for the nodes that have not acknowledged, also after a restart, and forgets when all have", async () => {
    const { create, has, marked, take } = setUp(a);
    has(a, "0");
    has(a, "1", "down");
    const replicas = create();
    await replicas.look(20);
    await replicas.look(20);
    await create().look(20);
    expect(take()).to.deep.equal(["a 1", "a 1", "a 1"]);
    expect(replicas.begin("1")).to.equal(true);
    await replicas.end(a.batchId, "1", true);
    has(a, "1");
    await replicas.look(20);
    expect(take()).to.deep.equal([]);
    expect(marked(a)).to.equal(false);
  });

  it("takes a refusal for an answer, and an answer to a submission that was taken back for none", async () => {
    const { create, has, take } = setUp(a);
    has(a, "0", "refused");
    has(a, "1", "staged", hashOf("a block of another fork"));
    await create().look(20);
    expect(take()).to.deep.equal(["a 1"]);
  });

  it("sees what another batcher on the same key has brought", async () => {
    const { create, has, take, marked } = setUp(a);
    has(a, "0");
    const replicas = create();
    await replicas.look(20);
    expect(take()).to.deep.equal(["a 1"]);
    has(a, "1");
    for (let i = 0; i < 2; i++) await replicas.look(20);
    expect(take()).to.deep.equal([]);
    expect(marked(a)).to.equal(false);
  });

  it("lets a node that failed rest, longer each time, however many batches it lacks", async () => {
    const { create, has, take, wait } = setUp(a, b);
    for (const plan of [a, b]) has(plan, "0");
    const replicas = create();
    let tries = 0;
    // An hour with a look every 500 ms.
    for (let i = 0; i < 7200; i++) {
      await replicas.look(20);
      if (take().length > 0 && replicas.begin("1")) {
        tries += 1;
        await replicas.end(a.batchId, "1", false);
      }
      wait(500);
    }
    expect(tries).to.be.within(60, 70);
    expect([1, 2, 3, 8, 100].map((failures) => restOf(failures, 500))).to.deep.equal([500, 1000, 2000, 60_000, 60_000]);
  });

  it("puts no batch before all others when it fails, and brings the rest at once when the node is back", async () => {
    const { create, has, take, wait } = setUp(a, b);
    for (const plan of [a, b]) has(plan, "0");
    const replicas = create();
    await replicas.look(20);
    const [first = ""] = take();
    const [tried, other] = first === "a 1" ? [a, b] : [b, a];
    replicas.begin("1");
    await replicas.end(tried.batchId, "1", false);
    await replicas.look(20);
    expect(take()).to.deep.equal([]);
    wait(500);
    await replicas.look(20);
    expect(take()).to.deep.equal([first === "a 1" ? "b 1" : "a 1"]);
    replicas.begin("1");
    await replicas.end(other.batchId, "1", true);
    expect(take()).to.deep.equal([first]);
  });

  it("has one upload a node and two in all under way: batches with a deadline go before", async () => {
    const { bucket } = setUp();
    const options = { bucket, nodes: 3, restMs: 500, now: () => 0, add: async () => undefined };
    const replicas = createReplicas(options);
    expect(["0", "0", "1", "2"].map((node) => replicas.begin(node))).to.deep.equal([true, false, true, false]);
    await replicas.end(a.batchId, "0", true);
    expect(replicas.begin("2")).to.equal(true);
  });

  it("ends with the retention, and with a batch that got no certificate after all", async () => {
    const { bucket, create, marked, take } = setUp(a, b);
    put(bucket, keys.closed(b.batchId), { outcome: "unavailable", time: 1 });
    const replicas = create();
    await replicas.look(3614);
    expect([marked(a), marked(b)]).to.deep.equal([true, false]);
    take();
    await replicas.look(3615);
    expect(marked(a)).to.equal(false);
    expect(take()).to.deep.equal([]);
  });

  it("leaves a batch whose confirmation was taken back to its own uploads", async () => {
    const { bucket, create, marked, take } = setUp(a);
    const replicas = create();
    await replicas.look(20);
    expect(take()).to.deep.equal(["a 0", "a 1"]);
    await bucket.delete(keys.confirmed(a.batchId));
    await bucket.delete(keys.closed(a.batchId));
    replicas.forget();
    await replicas.look(20);
    expect(take()).to.deep.equal([]);
    expect(marked(a)).to.equal(true);
  });
});
