import { execFileSync } from "node:child_process";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { bytesSource, type FileSource, openFileSource } from "../../adapters/file-source.ts";
import { fileNodesOf, rootOfSegments } from "../../protocol/file.ts";
import { submissionOfBytes } from "../../protocol/flow.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";
import { payloadOf } from "../protocol/sample.ts";

describe("file source", () => {
  const folder = tempDir("file-source");
  const path = join(folder.path, "file");
  after(() => folder.remove());

  const using = async <T>(bytes: Uint8Array, use: (source: FileSource) => Promise<T>): Promise<T> => {
    await writeFile(path, bytes);
    const source = await openFileSource(path);
    try {
      return await use(source);
    } finally {
      await source.close();
    }
  };

  it("gives a file's segments and their roots, on disk as in memory", async () => {
    for (const length of [1, 256, 257, 262_144, 262_145, 4 * 262_144, 5 * 262_144 + 1, 3_000_000, 4_456_449]) {
      const bytes = payloadOf(`source ${length}`, length);
      const { nodes } = submissionOfBytes(bytes);
      const check = async (source: FileSource): Promise<void> => {
        const { shape } = source;
        const progress: number[] = [];
        const roots = await source.roots((done) => progress.push(done));
        expect(fileNodesOf(shape, roots, await source.segment(shape.segments - 1)), `${length}`).to.deep.equal(nodes);
        expect(progress.at(-1)).to.equal(length);
        expect([...progress].sort((a, b) => a - b)).to.deep.equal(progress);
        const back = new Uint8Array(shape.sectors * 256);
        for (let i = shape.segments - 1; i >= 0; i--) back.set(await source.segment(i), i * 262_144);
        expect(Buffer.compare(back.subarray(0, length), bytes)).to.equal(0);
        expect(back.subarray(length).every((byte) => byte === 0)).to.equal(true);
      };
      await using(bytes, check);
      await check(bytesSource(bytes));
    }
  });

  it("hands out segments that are the caller's own", async () => {
    const bytes = payloadOf("own", 300_000);
    const source = bytesSource(bytes);
    (await source.segment(0)).fill(9);
    expect(Buffer.compare((await source.segment(0)).subarray(0, 100), bytes.subarray(0, 100))).to.equal(0);
    for (const index of [-1, 2, 0.5]) await rejection(source.segment(index), "BadRequest");
  });

  it("says of what is no file what it is", async () => {
    await rejection(openFileSource(join(folder.path, "nothing")), "FileNotFound");
    await rejection(openFileSource(join(folder.path, "nothing", "below")), "FileNotFound");
    await rejection(openFileSource(folder.path), "FileUnreadable");
    await rejection(
      using(new Uint8Array(), async () => undefined),
      "EmptyFile",
    );
    expect(() => bytesSource(new Uint8Array())).to.throw(/EmptyFile/);
    if (process.platform === "win32") return;
    const pipe = join(folder.path, "pipe");
    execFileSync("mkfifo", [pipe]);
    await rejection(openFileSource(pipe), "FileUnreadable");
  });

  it("notices that a file has become shorter, and does not that it has become longer", async () => {
    await using(payloadOf("shrinks", 3_000_000), async (source) => {
      await truncate(path, 2_000_000);
      await rejection(source.roots(), "FileUnreadable");
      await rejection(source.segment(11), "FileUnreadable");
      expect((await source.segment(0)).length).to.equal(262_144);
    });
    await using(payloadOf("grows", 300), async (source) => {
      const before = rootOfSegments(await source.roots(), source.shape);
      await writeFile(path, Buffer.alloc(1000, 7), { flag: "a" });
      expect(rootOfSegments(await source.roots(), source.shape)).to.equal(before);
    });
  });

  it("stops hashing when it is told to", async () => {
    await using(payloadOf("stopped", 3_000_000), async (source) => {
      const stop = new AbortController();
      let done = 0;
      const hashing = source.roots((bytes) => {
        done = bytes;
        stop.abort(new Error("enough"));
      }, stop.signal);
      expect(await hashing.catch((error: unknown) => String(error))).to.equal("Error: enough");
      expect(done).to.equal(1_048_576);
    });
  });
});
