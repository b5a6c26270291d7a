import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { FileView } from "../../adapters/node-client.ts";
import type { ZgError } from "../../protocol/errors.ts";
import { equalBytes, type Hex } from "../../protocol/hex.ts";
import { decodeManifest } from "../../protocol/manifest.ts";
import { expiryOf, fileReport, fileRows } from "../../tasks/lib/fileRows.ts";
import { awaitResult, errorOfResult } from "../../tasks/lib/kvResult.ts";
import { afterPrefix, bytesOfText, preview, startsWith, textOfBytes } from "../../tasks/lib/kvText.ts";
import { uploader } from "../../tasks/lib/signer.ts";
import { hashFolder, isFolder, listFolder } from "../../tasks/lib/sources.ts";
import type { Entry } from "../../workers/chain-entry.ts";
import { tempDir } from "../fakes/temp.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: ZgError) => error.code,
  );

describe("keys and values as a person writes them", () => {
  it("are their own UTF-8, or 0x and hex", () => {
    expect(bytesOfText("ä")).to.deep.equal(text("ä"));
    expect(bytesOfText("0x00fF")).to.deep.equal(Uint8Array.of(0, 255));
    expect(bytesOfText("0x0")).to.deep.equal(text("0x0"));
    expect(bytesOfText("0x")).to.deep.equal(text("0x"));
  });

  it("read back as they were shown, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(text)), (bytes) =>
        equalBytes(bytesOfText(textOfBytes(bytes)), bytes),
      ),
    );
    expect(textOfBytes(text("0xab"))).to.equal("0x30786162");
    expect(textOfBytes(text("\u001b[31m"))).to.equal("0x1b5b33316d");
  });

  it("are cut for a line, never within a character", () => {
    expect(preview(text("short"), 5)).to.equal("short");
    expect(preview(text("a\n b"), 4)).to.equal("a b");
    expect(preview(text("x".repeat(80)), 80)).to.equal(`${"x".repeat(59)}…`);
    expect(preview(text("ää").subarray(0, 3), 4)).to.equal("ä…");
    expect(preview(Uint8Array.of(0, 255), 2)).to.equal("0x00ff");
  });

  it("of one prefix lie between it and what comes after it", () => {
    const bytes = fc.uint8Array({ maxLength: 4 });
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const end = afterPrefix(prefix);
        const within = Buffer.compare(key, prefix) >= 0 && (end === undefined || Buffer.compare(key, end) < 0);
        expect(within).to.equal(startsWith(key, prefix));
      }),
    );
  });
});

describe("the verdict on a write", () => {
  const stream: Hex = `0x${"5a".repeat(32)}`;
  it("is an error by its name", () => {
    const code = (result: string) => errorOfResult(result, {})?.code;
    expect(code("Commit")).to.equal(undefined);
    expect(code("VersionConfliction")).to.equal("VersionConflict");
    expect(code("WritePermissionDenied: stream: 0x, key: a")).to.equal("NoPermission");
    expect(code("DataParseError: cut")).to.equal("BadPayload");
    expect(code("Voided")).to.equal("BadPayload");
  });

  it("is waited for while the stream waits for data, and not for ever", async () => {
    const answers = ["", "AwaitingData", "Commit"];
    const results = async () => {
      const result = answers.shift() ?? "Commit";
      return result === "" ? [] : [{ streamId: stream, result }];
    };
    const { signal } = new AbortController();
    expect(await awaitResult({ node: { results }, stream, txSeq: 1, signal })).to.equal("Commit");
    const stuck = async () => [{ streamId: stream, result: "AwaitingData" }];
    expect(await codeOf(awaitResult({ node: { results: stuck }, stream, txSeq: 1, signal, patienceMs: 1 }))).to.equal(
      "AwaitingData",
    );
    const unseen = async () => [];
    expect(await codeOf(awaitResult({ node: { results: unseen }, stream, txSeq: 1, signal, patienceMs: 1 }))).to.equal(
      "Timeout",
    );
  });
});

describe("what is uploaded", () => {
  const dir = tempDir("sources");
  after(() => dir.remove());

  it("is a file of at least one byte, or a folder with one", async () => {
    expect(await codeOf(isFolder(join(dir.path, "none")))).to.equal("FileNotFound");
    writeFileSync(join(dir.path, "empty"), "");
    expect(await codeOf(isFolder(join(dir.path, "empty")))).to.equal("EmptyFile");
    writeFileSync(join(dir.path, "one"), "1");
    expect(await isFolder(join(dir.path, "one"))).to.equal(false);
    expect(await isFolder(dir.path)).to.equal(true);
    mkdirSync(join(dir.path, "nothing"));
    expect(await codeOf(listFolder(join(dir.path, "nothing"), ""))).to.equal("EmptyFile");
  });

  it("of a folder is every file below it but the network's own, named as in the manifest", async () => {
    const folder = join(dir.path, "site");
    for (const name of ["", "a", "a/b", ".zerog"]) mkdirSync(join(folder, name));
    for (const name of ["x", "a/y", "a/b/.z", ".zerog/journal"]) writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, "a/empty"), "");
    const listed = await listFolder(folder, join(folder, ".zerog"));
    const { manifest, files } = await hashFolder(listed, () => undefined, new AbortController().signal);
    expect(decodeManifest(manifest).map(({ path }) => path)).to.deep.equal(["a/b/.z", "a/empty", "a/y", "x"]);
    expect(files.map(({ name }) => name)).to.have.members(["a/b/.z", "a/y", "x"]);
    symlinkSync(join(folder, "x"), join(folder, "link"));
    const error = await listFolder(folder, "").catch((thrown: ZgError) => thrown);
    expect(error).to.include({ code: "FileUnreadable" });
  });

  it("is signed by the key that is given, and on the devnet by Hardhat's account 1", () => {
    const key = `0x${"11".repeat(32)}`;
    expect(uploader({ chainId: 1 }, { UPLOADER_PRIVATE_KEY: key }).privateKey).to.equal(key);
    expect(uploader({ chainId: 1 }, { FUNDER_PRIVATE_KEY: key.slice(2) }).privateKey).to.equal(key);
    expect(uploader({ chainId: 31337 }, {}).address).to.equal("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    expect(() => uploader({ chainId: 1 }, {})).to.throw("UPLOADER_PRIVATE_KEY");
    // The value is not shown.
    expect(() => uploader({ chainId: 1 }, { UPLOADER_PRIVATE_KEY: "0xsecret" }))
      .to.throw("UPLOADER_PRIVATE_KEY")
      .with.property("message")
      .not.include("secret");
  });
});

describe("what `file` says", () => {
  const root: Hex = `0x${"ab".repeat(32)}`;
  const entry: Entry = {
    ...{ txSeq: 4, sender: `0x${"11".repeat(20)}`, identity: root, root, start: 4096, sectors: 3072, length: 700_000 },
    ...{ tags: "0x", nodes: [], block: { number: 9, hash: root }, transactionHash: root },
  };
  const view = (change: Partial<FileView>): FileView => ({
    ...{ root, length: 700_000, txSeq: 4, entries: [4, 6], start: 4096, sectors: 3072, segments: 3, finalized: true },
    ...{
      pruned: false,
      cached: false,
      uploaded: 3,
      shard: { shardId: 0, numShard: 1 },
      sender: null,
      tags: null,
      block: 9,
    },
    ...change,
  });

  it("is who holds how much of it, who has pruned, and who did not answer", () => {
    const urls = ["http://a", "http://b", "http://c", "http://d"];
    const report = fileReport({
      ...{ entry, urls, expiry: 1_800_000_000 },
      views: [
        { url: "http://a", value: view({}) },
        {
          url: "http://b",
          value: view({ shard: { shardId: 1, numShard: 2 }, finalized: false, uploaded: 0, pruned: true }),
        },
      ],
      reports: [
        { url: "http://c", lied: 0, slow: 0, codes: { UnknownFile: 1 } },
        { url: "http://d", lied: 0, slow: 0, codes: { NodeDown: 1 } },
      ],
    });
    const rows = fileRows(report);
    expect(rows.filter(([name]) => name === "node").map(([, value]) => value)).to.deep.equal([
      "http://a  shard 0 of 1, has all of 3 segments",
      "http://b  shard 1 of 2, has 0 of 1 segment, others pruned",
      "http://c  does not know it",
      "http://d  NodeDown",
    ]);
    expect(rows).to.deep.include(["also", "entries 6"]);
    expect(rows).to.deep.include(["expires", "2027-01-15T08:00:00.000Z"]);
  });

  it("is the earliest end of what was paid for the chunks that it lies in", async () => {
    const deadlines = [0, 500, 300, 900];
    const reward = {
      sectorsPerPrice: async () => 2048n,
      rewardDeadline: async (n: number) => BigInt(deadlines[n] ?? 0),
    };
    expect(await expiryOf({ reward } as never, { ...entry, start: 2048, sectors: 4096 })).to.equal(300);
    expect(await expiryOf({ reward } as never, { ...entry, start: 0, sectors: 10 })).to.equal(null);
  });
});
