import { expect } from "chai";
import { silentLog } from "../../adapters/log.ts";
import { backoffOf, openQueues, type QueueEdge, type Queues } from "../../adapters/queue.ts";
import { ZgError } from "../../protocol/errors.ts";
import { rejection } from "../fakes/errors.ts";
import { startTestRedis, type TestRedis } from "../fakes/redis.ts";
import { gate, until } from "../fakes/wait.ts";

interface Payload {
  readonly id: string;
}
let edges = 0;
/** A queue of its own for each test. */
const newEdge = (over: Partial<QueueEdge<Payload>> = {}): QueueEdge<Payload> => {
  edges += 1;
  return { name: `edge${edges}`, attempts: 3, backoffMs: 5, concurrency: 2, jobId: ({ id }) => `job-${id}`, ...over };
};

describe("queue", () => {
  let redis: TestRedis;
  let queues: Queues;
  const open = (prefix = "zg:test", lockMs = 1_000): Promise<Queues> =>
    openQueues({ redis: redis.url, prefix, log: silentLog, lockMs });
  before(async function () {
    this.timeout(60_000);
    redis = await startTestRedis();
    queues = await open();
  });
  after(async () => {
    await queues.close();
    await redis.stop();
  });

  it("doubles the backoff up to a limit", () => {
    expect([1, 2, 3, 20].map((attempt) => backoffOf(100, attempt))).to.deep.equal([100, 200, 400, 5_000]);
  });

  it("runs a job once for equal ids that wait", async () => {
    const edge = newEdge();
    for (let i = 0; i < 5; i += 1) await queues.add(edge, { id: "a" });
    const seen: string[] = [];
    queues.work(edge, async ({ id }) => void seen.push(id));
    await until("the job ran", () => seen.length > 0);
    await until("the queue is empty", async () => isIdle(await queues.counts(), edge.name));
    expect(seen).to.deep.equal(["a"]);
  });

  it("runs once more when the same id was added during its run", async () => {
    const edge = newEdge();
    const first = gate();
    let runs = 0;
    queues.work(edge, async () => {
      runs += 1;
      if (runs === 1) await first.opened;
    });
    await queues.add(edge, { id: "a" });
    await until("the first run began", () => runs === 1);
    for (let i = 0; i < 3; i += 1) await queues.add(edge, { id: "a" });
    first.open();
    await until("the second run", () => runs === 2);
    await until("the queue is empty", async () => isIdle(await queues.counts(), edge.name));
    expect(runs).to.equal(2);
  });

  it("takes the same id again after it is done and after it has failed", async () => {
    const edge = newEdge();
    let runs = 0;
    queues.work(edge, async () => {
      runs += 1;
      if (runs === 2) throw new ZgError("BadRequest");
    });
    for (const expected of [1, 2, 3]) {
      await queues.add(edge, { id: "again" });
      await until(`run ${expected}`, () => runs === expected);
      await until("the queue is empty", async () => isIdle(await queues.counts(), edge.name));
    }
  });

  it("tries retryable errors again, counts attempts, and keeps the last failure by code", async () => {
    const edge = newEdge();
    const attempts: [number, boolean][] = [];
    queues.work(edge, async (_, { attempt, lastAttempt }) => {
      attempts.push([attempt, lastAttempt]);
      throw new ZgError("NodeDown", { node: "n" });
    });
    const before = (await queues.failureCounts()).NodeDown ?? 0;
    await queues.add(edge, { id: "x" });
    await until("three attempts", () => attempts.length === 3);
    await until("recorded", async () => ((await queues.failureCounts()).NodeDown ?? 0) === before + 1);
    expect(attempts).to.deep.equal([
      [1, false],
      [2, false],
      [3, true],
    ]);
    const [failure] = await queues.failures(1);
    expect(failure).to.include({ edge: edge.name, job: "job-x", code: "NodeDown", attempt: 3 });
    expect(failure?.fields).to.deep.equal({ node: "n" });
  });

  it("does not try final errors again", async () => {
    const edge = newEdge();
    let runs = 0;
    queues.work(edge, async () => {
      runs += 1;
      throw new ZgError("BadHeader");
    });
    await queues.add(edge, { id: "x" });
    await until("recorded", async () => (await queues.failureCounts()).BadHeader === 1);
    expect(runs).to.equal(1);
  });

  it("postpones without spending an attempt", async () => {
    const edge = newEdge({ attempts: 2 });
    const attempts: number[] = [];
    queues.work(edge, async (_, { attempt, later }) => {
      attempts.push(attempt);
      if (attempts.length < 6) throw later(5);
    });
    await queues.add(edge, { id: "x" });
    await until("six runs", () => attempts.length === 6);
    expect(new Set(attempts)).to.deep.equal(new Set([1]));
  });

  it("keeps parties apart on one Redis", async () => {
    const other = await open("zg:other");
    const edge = newEdge();
    const seen: string[] = [];
    queues.work(edge, async ({ id }) => void seen.push(`mine ${id}`));
    other.work(edge, async ({ id }) => void seen.push(`other ${id}`));
    await other.add(edge, { id: "1" });
    await queues.add(edge, { id: "2" });
    await until("both ran", () => seen.length === 2);
    expect(seen.sort()).to.deep.equal(["mine 2", "other 1"]);
    await other.close();
  });

  it("goes on after FLUSHALL: workers live, what is added again runs (A41)", async () => {
    const edge = newEdge();
    const seen: string[] = [];
    const held = gate();
    queues.work(edge, async ({ id }) => {
      seen.push(id);
      if (id === "held") await held.opened;
    });
    await queues.add(edge, { id: "held" });
    await queues.add(edge, { id: "lost" }, { delayMs: 60_000 });
    await until("one is active", () => seen.length === 1);
    await redis.admin.flushall();
    held.open();
    await queues.add(edge, { id: "lost" });
    await queues.add(edge, { id: "new" });
    await until("all ran", () => seen.includes("lost") && seen.includes("new"));
    await queues.add(edge, { id: "held" });
    await until("the interrupted one again", () => seen.filter((id) => id === "held").length === 2);
  });

  it("survives a Redis that cuts every connection", async () => {
    const edge = newEdge();
    const seen: string[] = [];
    queues.work(edge, async ({ id }) => void seen.push(id));
    await queues.add(edge, { id: "1" });
    await until("1 ran", () => seen.length === 1);
    await redis.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until("2 ran", async () => (await queues.tryAdd(edge, { id: "2" })) && seen.includes("2"));
  });

  it("answers a producer within seconds when Redis is silent", async () => {
    const edge = newEdge();
    await queues.add(edge, { id: "0" });
    await redis.admin.client("PAUSE", 4_000, "ALL");
    const began = performance.now();
    const error = await rejection(queues.add(edge, { id: "1" }), "RedisUnavailable");
    expect(error.retryable).to.equal(true);
    expect(performance.now() - began).to.be.lessThan(3_500);
    expect(await queues.tryAdd(edge, { id: "2" })).to.equal(false);
    await until("Redis answers again", async () => queues.tryAdd(edge, { id: "3" }));
  }).timeout(15_000);

  it("gives a dead worker's job to the next one", async () => {
    const edge = newEdge();
    const dying = await open("zg:dying", 400);
    let started = false;
    dying.work(edge, async () => {
      started = true;
      await new Promise(() => undefined);
    });
    await dying.add(edge, { id: "1" });
    await until("started", () => started);
    await redis.admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await dying.close(1);
    const heir = await open("zg:dying", 400);
    const seen: string[] = [];
    heir.work(edge, async ({ id }) => void seen.push(id));
    await until("taken over", () => seen.length === 1);
    await heir.close();
  });

  it("cancels a job whose lock it has lost", async () => {
    const edge = newEdge();
    const loser = await open("zg:loser", 300);
    const cancelled = gate();
    loser.work(edge, (_, { signal }) => {
      signal.addEventListener("abort", () => cancelled.open());
      return cancelled.opened;
    });
    await loser.add(edge, { id: "1" });
    await until("active", async () => (await loser.counts())[edge.name]?.active === 1);
    for (const key of await redis.admin.keys("zg:loser:*:lock")) await redis.admin.set(key, "another worker");
    await cancelled.opened;
    await loser.close(100);
  });

  it("closes within its deadline whatever a handler does", async () => {
    const edge = newEdge();
    const stubborn = await open("zg:stubborn");
    let started = false;
    stubborn.work(edge, async () => {
      started = true;
      await new Promise(() => undefined);
    });
    await stubborn.add(edge, { id: "1" });
    await until("started", () => started);
    const began = performance.now();
    await stubborn.close(200);
    expect(performance.now() - began).to.be.lessThan(3_000);
    await rejection(stubborn.add(edge, { id: "2" }), "Stopping");
  });

  it("hands an aborted job to the next start, with no attempt spent", async () => {
    const edge = newEdge({ attempts: 1 });
    const first = await open("zg:handover");
    let started = false;
    first.work(edge, async (_, { signal }) => {
      started = true;
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    });
    await first.add(edge, { id: "1" });
    await until("started", () => started);
    await first.close();
    const second = await open("zg:handover");
    const attempts: number[] = [];
    second.work(edge, async (_, { attempt }) => void attempts.push(attempt));
    await until("ran", () => attempts.length === 1);
    expect(attempts).to.deep.equal([1]);
    await second.close();
  });

  it("refuses a Redis that may evict jobs", async () => {
    await redis.admin.config("SET", "maxmemory-policy", "allkeys-lru");
    const error = await rejection(open("zg:evict"), "RedisPolicy");
    expect(error.fields.policy).to.equal("allkeys-lru");
    await redis.admin.config("SET", "maxmemory-policy", "noeviction");
  });

  it("says so when there is no Redis", async () => {
    await rejection(
      openQueues({ redis: "redis://127.0.0.1:9", prefix: "x", log: silentLog, readyMs: 300 }),
      "RedisUnavailable",
    );
    await rejection(openQueues({ redis: "http://x", prefix: "x", log: silentLog }), "BadConfig");
  });
});

const isIdle = (counts: Awaited<ReturnType<Queues["counts"]>>, name: string): boolean => {
  const { waiting = 0, active = 0, delayed = 0 } = counts[name] ?? {};
  return waiting + active + delayed === 0;
};
