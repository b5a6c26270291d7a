import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import { readPayload, writeWhole } from "../../tasks/lib/file.ts";
import { networkIfAny, runningNetwork } from "../../tasks/lib/folder.ts";

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: { code?: string }) => String(error.code),
  );

describe("files of tasks", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "zg-tasks-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("a blob is a regular file of 1 byte to the limit", async () => {
    const file = join(folder, "file");
    expect(await codeOf(readPayload(file))).to.equal("FileNotFound");
    expect(await codeOf(readPayload(join(folder, "file", "below")))).to.equal("FileNotFound");
    expect(await codeOf(readPayload(folder))).to.equal("FileUnreadable");
    await writeFile(file, "");
    expect(await codeOf(readPayload(file))).to.equal("EmptyBlob");
    await writeFile(file, "x");
    expect(await readPayload(file)).to.have.length(1);
    // A sparse file: the size alone is looked at.
    await truncate(file, MAX_BLOB_BYTES + 1);
    expect(await codeOf(readPayload(file))).to.equal("BlobTooLarge");
  });

  it("a file is written whole, or not at all and nothing is left", async () => {
    const path = await writeWhole(join(folder, "new", "out"), "content");
    expect(await readFile(path, "utf8")).to.equal("content");
    expect(await readdir(join(folder, "new"))).to.deep.equal(["out"]);
    expect(await codeOf(writeWhole(join(folder, "new"), "over a folder"))).to.equal("FileUnwritable");
    expect(await codeOf(writeWhole(join(path, "below a file"), ""))).to.equal("FileUnwritable");
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).to.deep.equal([]);
  });

  describe("data folders", () => {
    const stale = {
      rpc: "http://127.0.0.1:9",
      chainId: 31337,
      contracts: Object.fromEntries(
        [
          "Flow",
          "FixedPrice",
          "ChunkLinearReward",
          "PoraMine",
          "DASigners",
          "DASampling",
          "DAChallenge",
          "DAEntrance",
          "CellVerifier",
        ].map((name) => [name, `0x${"11".repeat(20)}`]),
      ),
      redis: "redis://127.0.0.1:9",
      bucket: "file:///nowhere",
      disperser: "http://127.0.0.1:9",
      storageNodes: [],
      validators: [],
    };

    it("no network, a network that does not answer and a broken file are told apart", async () => {
      expect(await codeOf(runningNetwork(folder))).to.equal("NoNetwork");
      await writeFile(join(folder, "network.json"), JSON.stringify(stale));
      expect(await codeOf(runningNetwork(folder))).to.equal("StaleNetwork");
      await writeFile(join(folder, "network.json"), "{");
      expect(await codeOf(runningNetwork(folder))).to.equal("StaleNetwork");
    });

    it("with --data, disperse needs the network to be there", async () => {
      const warnings: string[] = [];
      const warn = (line: string) => void warnings.push(line);
      await writeFile(join(folder, "network.json"), JSON.stringify(stale));
      expect(await codeOf(networkIfAny(folder, warn))).to.equal("StaleNetwork");
      expect(await codeOf(networkIfAny(join(folder, "none"), warn))).to.equal("NoNetwork");
      expect(warnings).to.deep.equal([]);
    });
  });
});
