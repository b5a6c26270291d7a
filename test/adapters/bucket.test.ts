import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { z } from "zod";
import { getJson, type ObjectStore, openBucket, putJson } from "../../adapters/bucket.ts";
import { rejection } from "../fakes/errors.ts";
import { memoryBucket } from "../fakes/memoryBucket.ts";
import { tempDir } from "../fakes/temp.ts";

interface Driver {
  readonly name: string;
  readonly open: () => Promise<ObjectStore>;
  /** Flips a byte of the stored body behind the driver's back. */
  readonly corrupt?: (key: string) => Promise<void>;
  /** Does it decide a race of creators? fauxqs ignores If-None-Match. */
  readonly exclusive: boolean;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const keysOf = async (list: AsyncIterable<string>): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of list) keys.push(key);
  return keys;
};

const behavesAsBucket = (driver: Driver): void => {
  describe(driver.name, () => {
    let bucket: ObjectStore;
    before(async () => {
      bucket = await driver.open();
    });
    after(() => bucket.close());

    it("gives back what was put, and null for what was not", async () => {
      expect(await bucket.put("a/b/one", bytes("hello"))).to.equal("stored");
      expect(Buffer.from((await bucket.get("a/b/one")) ?? []).toString()).to.equal("hello");
      expect(await bucket.get("a/b/two")).to.equal(null);
      expect(await bucket.has("a/b/one")).to.equal(true);
      expect(await bucket.has("a/b/two")).to.equal(false);
      expect(await bucket.get("a/b/one/deeper")).to.equal(null);
    });

    it("overwrites without once and keeps the first with once", async () => {
      await bucket.put("w/x", bytes("1"));
      expect(await bucket.put("w/x", bytes("2"))).to.equal("stored");
      expect(await bucket.put("w/x", bytes("3"), { once: true })).to.equal("exists");
      expect(Buffer.from((await bucket.get("w/x")) ?? []).toString()).to.equal("2");
    });

    it("keeps empty and large bodies", async () => {
      await bucket.put("s/empty", new Uint8Array(0));
      expect(await bucket.get("s/empty")).to.have.length(0);
      const large = Buffer.alloc(9 * 1024 * 1024 + 7, 0xa5);
      large.writeUInt32BE(0xdeadbeef, 5_000_000);
      await bucket.put("s/large", large);
      expect(Buffer.compare((await bucket.get("s/large")) ?? Buffer.alloc(0), large)).to.equal(0);
      await bucket.put("s/pieces", [large.subarray(0, 3), large.subarray(3, 3), large.subarray(3)]);
      expect(Buffer.compare((await bucket.get("s/pieces")) ?? Buffer.alloc(0), large)).to.equal(0);
    });

    it("lists by prefix in byte order, after a key", async () => {
      for (const key of ["l/b/1", "l/a/2", "l/a-b/1", "l/a/1", "l/a.x", "m/1"]) await bucket.put(key, bytes(key));
      expect(await keysOf(bucket.list("l/"))).to.deep.equal(["l/a-b/1", "l/a.x", "l/a/1", "l/a/2", "l/b/1"]);
      expect(await keysOf(bucket.list("l/a"))).to.deep.equal(["l/a-b/1", "l/a.x", "l/a/1", "l/a/2"]);
      expect(await keysOf(bucket.list("l/a/"))).to.deep.equal(["l/a/1", "l/a/2"]);
      expect(await keysOf(bucket.list("l/", { after: "l/a/1" }))).to.deep.equal(["l/a/2", "l/b/1"]);
      expect(await keysOf(bucket.list("l/", { after: "l/a" }))).to.have.length(5);
      expect(await keysOf(bucket.list("nothing/"))).to.deep.equal([]);
    });

    it("lists more than a page", async () => {
      const keys = Array.from({ length: 1_050 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
      for (let i = 0; i < keys.length; i += 50) {
        await Promise.all(keys.slice(i, i + 50).map((key) => bucket.put(key, bytes("x"))));
      }
      expect(await keysOf(bucket.list("many/"))).to.deep.equal(keys);
    }).timeout(30_000);

    it("deletes, twice if asked", async () => {
      await bucket.put("d/1", bytes("x"));
      await bucket.delete("d/1");
      await bucket.delete("d/1");
      expect(await bucket.get("d/1")).to.equal(null);
      expect(await keysOf(bucket.list("d/"))).to.deep.equal([]);
    });

    it("refuses keys that could leave their place (A38)", async () => {
      const bad = [
        "../x",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a b",
        "a%2e",
        "a\0b",
        "ä",
        "",
        "a".repeat(201),
      ];
      for (const key of bad)
        await rejection(
          Promise.resolve().then(() => bucket.put(key, bytes("x"))),
          "BadRequest",
        );
      for (const key of bad)
        await rejection(
          Promise.resolve().then(() => bucket.get(key)),
          "BadRequest",
        );
    });

    it("checks JSON against its schema", async () => {
      await putJson(bucket, "j/1.json", { n: 1 });
      expect(await getJson(bucket, "j/1.json")).to.deep.equal({ n: 1 });
      expect(await getJson(bucket, "j/1.json", z.object({ n: z.number() }))).to.deep.equal({ n: 1 });
      expect(await getJson(bucket, "j/2.json", z.object({ n: z.number() }))).to.equal(null);
      await rejection(getJson(bucket, "j/1.json", z.object({ n: z.string() })), "CorruptObject");
      await bucket.put("j/3.json", bytes("{torn"));
      await rejection(getJson(bucket, "j/3.json"), "CorruptObject");
    });

    if (driver.exclusive) {
      it("lets exactly one of twenty creators win", async () => {
        const racers = Array.from({ length: 20 }, (_, i) => bucket.put("race/1", bytes(`racer ${i}`), { once: true }));
        const results = await Promise.all(racers);
        const winner = results.indexOf("stored");
        expect(results.filter((result) => result === "stored")).to.have.length(1);
        expect(Buffer.from((await bucket.get("race/1")) ?? []).toString()).to.equal(`racer ${winner}`);
      });
    }

    const { corrupt } = driver;
    if (corrupt !== undefined) {
      it("finds a flipped byte on read (A40, A42)", async () => {
        await bucket.put("rot/1", bytes("precious"));
        await corrupt("rot/1");
        await rejection(bucket.get("rot/1"), "CorruptObject");
      });
    }
  });
};

describe("bucket", () => {
  const dir = tempDir("bucket");
  let s3: FauxqsServer;
  const previous = { ...process.env };
  before(async () => {
    s3 = await startFauxqs({ port: 0, logger: false });
    s3.createBucket("zerog");
    process.env.AWS_ACCESS_KEY_ID = "test";
    process.env.AWS_SECRET_ACCESS_KEY = "test";
  });
  after(async () => {
    process.env = previous;
    await s3.stop();
    dir.remove();
  });
  const openS3 = (): Promise<ObjectStore> =>
    openBucket(`s3://zerog/some/prefix?endpoint=http://127.0.0.1:${s3.port}&region=us-east-1`);

  behavesAsBucket({
    name: "in a folder",
    open: () => openBucket(pathToFileURL(dir.path).href),
    exclusive: true,
    corrupt: async (key) => {
      const file = readFileSync(join(dir.path, key));
      file[0] = (file[0] ?? 0) ^ 1;
      writeFileSync(join(dir.path, key), file);
    },
  });
  behavesAsBucket({
    name: "on S3",
    open: openS3,
    exclusive: false,
    corrupt: async (key) => {
      const { PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
      const client = new S3Client({
        endpoint: `http://127.0.0.1:${s3.port}`,
        region: "us-east-1",
        forcePathStyle: true,
      });
      const Metadata = { sha256: "00".repeat(32) };
      await client.send(
        new PutObjectCommand({ Bucket: "zerog", Key: `some/prefix/${key}`, Body: "precious", Metadata }),
      );
      client.destroy();
    },
  });
  behavesAsBucket({ name: "the fake in memory", open: async () => memoryBucket(), exclusive: true });

  it("finds a torn file and leaves nothing temporary behind", async () => {
    const bucket = await openBucket(pathToFileURL(dir.path).href);
    await bucket.put("torn/1", bytes("whole"));
    writeFileSync(join(dir.path, "torn/1"), readFileSync(join(dir.path, "torn/1")).subarray(0, 20));
    await rejection(bucket.get("torn/1"), "CorruptObject");
    expect(readdirSync(join(dir.path, ".incoming"))).to.deep.equal([]);
  });

  it("says that an endpoint does not answer", async () => {
    const bucket = await openBucket("s3://zerog/x?endpoint=http://127.0.0.1:9");
    const error = await rejection(bucket.get("a"), "BucketUnavailable");
    expect(error.retryable).to.equal(true);
  });

  it("refuses URLs it does not know", async () => {
    for (const url of ["", "/tmp/x", "http://x", "ftp://x/y"]) await rejection(openBucket(url), "BadConfig");
  });
});
