import { PassThrough, Readable } from "node:stream";
import { expect } from "chai";
import { createBodies } from "../../adapters/body.ts";
import { rejection } from "../fakes/errors.ts";

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
});
