import { PassThrough, Readable } from "node:stream";
import { expect } from "chai";
import { createBodies } from "../../adapters/body.ts";
import { createBudget } from "../../adapters/budget.ts";
import { rejection } from "../fakes/errors.ts";
import { until } from "../fakes/wait.ts";

describe("bodies under a budget", () => {
  const limit = 100;
  const bytes = (length: number): Readable => Readable.from([new Uint8Array(length).fill(7)], { objectMode: false });
  const lengthOf = async (body: Uint8Array): Promise<number> => body.length;

  it("counts what has arrived, until the work with it is done", async () => {
    const bodies = createBodies(100);
    const slow = new PassThrough();
    const first = bodies.use(slow, { limit }, async (body) => {
      expect(bodies.held()).to.equal(60);
      return body.length;
    });
    slow.write(new Uint8Array(60));
    await new Promise((resolve) => setImmediate(resolve));
    expect(bodies.held()).to.equal(60);
    await rejection(bodies.use(bytes(41), { limit }, lengthOf), "Busy");
    expect(await bodies.use(bytes(40), { limit }, lengthOf)).to.equal(40);
    slow.end();
    expect(await first).to.equal(60);
    expect(bodies.held()).to.equal(0);
  });

  it("gives everything back when a body is too long, breaks off or is none, and when the work fails", async () => {
    const bodies = createBodies(1_000);
    await rejection(bodies.use(bytes(101), { limit }, lengthOf), "BlobTooLarge");
    const broken = new PassThrough();
    const read = bodies.use(broken, { limit }, lengthOf);
    broken.write(new Uint8Array(10), () => broken.destroy(new Error("reset")));
    await rejection(read, "LengthMismatch");
    await rejection(bodies.use(undefined, { limit }, lengthOf), "BadRequest");
    const failing = bodies.use(bytes(5), { limit }, async () => {
      throw new Error("the work");
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal("the work");
    expect(bodies.held()).to.equal(0);
  });

  it("bodies that have all begun come to their ends, however little room there is", async () => {
    const bodies = createBodies(100, { waitMs: 5_000 });
    let most = 0;
    const senders = Array.from({ length: 20 }, () => new PassThrough());
    const all = senders.map((sender) =>
      bodies.use(sender, { limit }, async (body) => {
        most = Math.max(most, bodies.held());
        return body.length;
      }),
    );
    for (let part = 0; part < 9; part++)
      for (const sender of senders) {
        sender.write(new Uint8Array(10));
        if (part === 8) sender.end();
        await new Promise((resolve) => setImmediate(resolve));
      }
    expect(await Promise.all(all)).to.deep.equal(Array.from({ length: 20 }, () => 90));
    expect(most).to.be.at.most(200);
    expect(bodies.held()).to.equal(0);
  });

  it("who waits is told to come back when there is no room in time, and takes nobody's place", async () => {
    const bodies = createBodies(100, { waitMs: 30 });
    let open = (): void => undefined;
    const first = bodies.use(
      bytes(90),
      { limit },
      () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
    );
    // One may go over the limit; what comes after it waits.
    const over = bodies.use(new PassThrough().end(new Uint8Array(50)), { limit }, () => first);
    await rejection(bodies.use(bytes(50), { limit }, lengthOf), "Busy");
    open();
    await Promise.all([first, over]);
    expect(await bodies.use(bytes(50), { limit }, lengthOf)).to.equal(50);
    expect(bodies.held()).to.equal(0);
  });

  it("who stops sending while over the limit is cut off, and the next one goes on", async () => {
    const bodies = createBodies(100, { waitMs: 5_000, overMs: 30 });
    const [held, stalled] = [new PassThrough(), new PassThrough()];
    const holding = bodies.use(held, { limit }, lengthOf);
    held.write(new Uint8Array(95));
    await until("the room is taken", () => bodies.held() === 95);
    const cut = rejection(bodies.use(stalled, { limit }, lengthOf), "Busy");
    stalled.write(new Uint8Array(10));
    await until("it is over the limit", () => bodies.held() === 105);
    expect(await bodies.use(bytes(60), { limit }, lengthOf)).to.equal(60);
    await cut;
    held.end();
    expect(await holding).to.equal(95);
    expect(bodies.held()).to.equal(0);
  });

  it("half-sent bodies use up the room, complete ones go over it one by one, and the halves are cut off", async () => {
    const bodies = createBodies(100, { waitMs: 5_000, idleMs: 100 });
    const halves = Array.from({ length: 4 }, () => new PassThrough());
    const read = halves.map((half) => {
      half.write(new Uint8Array(30));
      return rejection(bodies.use(half, { limit }, lengthOf), "Busy");
    });
    await until("the room is used up", () => bodies.held() >= 90);
    const began = performance.now();
    const complete = Array.from({ length: 10 }, () => bodies.use(bytes(60), { limit }, lengthOf));
    expect(await Promise.all(complete)).to.deep.equal(Array.from({ length: 10 }, () => 60));
    // All of the halves have been cut off together, not each in its turn.
    expect(performance.now() - began).to.be.lessThan(1_000);
    await Promise.all(read);
    expect(bodies.held()).to.equal(0);
  });

  it("where nobody may wait, who stopped sending is cut off by the next one that finds no room", async () => {
    const bodies = createBodies(100, { idleMs: 20 });
    const stalled = new PassThrough();
    const cut = rejection(bodies.use(stalled, { limit }, lengthOf), "Busy");
    stalled.write(new Uint8Array(90));
    await until("the room is taken", () => bodies.held() === 90);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await rejection(bodies.use(bytes(60), { limit }, lengthOf), "Busy");
    await cut;
    expect(await bodies.use(bytes(60), { limit }, lengthOf)).to.equal(60);
    expect(bodies.held()).to.equal(0);
  });

  it("who sends slowly is left alone as long as nobody waits", async () => {
    const bodies = createBodies(100, { waitMs: 5_000, idleMs: 20 });
    const slow = new PassThrough();
    const read = bodies.use(slow, { limit }, lengthOf);
    slow.write(new Uint8Array(40));
    await until("it has been taken", () => bodies.held() === 40);
    expect(await bodies.use(bytes(60), { limit }, lengthOf)).to.equal(60);
    await new Promise((resolve) => setTimeout(resolve, 60));
    slow.end();
    expect(await read).to.equal(40);
  });

  it("whatever is taken, waited for and given back, the sum is never over the limit by more than one lease", async () => {
    const budget = createBudget(1_000, { waitMs: 10_000 });
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let [most, done] = [0, 0];
    await Promise.all(
      Array.from({ length: 300 }, async () => {
        const lease = budget.open();
        for (let part = 0; part < 1 + random(6); part++) {
          await lease.take(1 + random(50));
          most = Math.max(most, budget.held());
          if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        lease.close();
        lease.close();
        done += 1;
      }),
    );
    expect(done).to.equal(300);
    expect(most).to.be.within(900, 1_300);
    expect([budget.held(), budget.waiting()]).to.deep.equal([0, 0]);
  });
});
