import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { HDNodeWallet } from "ethers";
import { DEVNET_MNEMONIC } from "../../../devnet/mnemonic.ts";
import { equalBytes, type Hex, normalHex } from "../../../protocol/hex.ts";
import { entriesIn } from "../../../workers/chain-entries.ts";
import type { Uploaded } from "../../../workers/uploader/index.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../../e2e/harness.ts";
import { crashpoints } from "../../fakes/crashpoints.ts";
import { tempDir } from "../../fakes/temp.ts";
import { type Ended, runChild } from "../child.ts";
import type { Life } from "./life.child.ts";

const CHILD = "uploader/life.child.ts";
const points = (folder: string): string[] =>
  crashpoints()
    .filter(({ file }) => file.startsWith(folder))
    .map(({ name }) => name);

/** Real nodes that follow a real chain; every run of the client is a process of its own. */
describe("a client of the storage nodes", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  const dir = tempDir("client");
  let account = 20;
  before(async () => {
    const embed = ["storage-0", "storage-1"];
    network = await startTestNetwork({ storageNodes: 2, validators: 0, embed, interval: 200 });
  });
  after(async () => {
    await network?.stop();
    dir.remove();
  });

  const newFile = (name: string, length: number): { path: string; bytes: Uint8Array } => {
    const path = join(dir.path, name);
    const bytes = randomPayload(length);
    writeFileSync(path, bytes);
    return { path, bytes };
  };
  const newLife = (files: readonly string[], more: Partial<Life> = {}): Life => {
    account += 1;
    const key = HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, undefined, `m/44'/60'/0'/0/${1 + (account % 19)}`).privateKey;
    const folder = join(dir.path, `uploads-${account}`);
    mkdirSync(folder);
    const tags = normalHex(`0x${Buffer.from(randomPayload(8)).toString("hex")}`) as Hex;
    return { data: network.data, folder, key, files, tags, replicas: 1, ...more };
  };
  const run = (life: Life, crashpoint = ""): Promise<Ended> => runChild(CHILD, [JSON.stringify(life)], crashpoint);
  const finished = ({ code, output, errors }: Ended): Uploaded => {
    expect(code, errors).to.equal(0);
    return JSON.parse(output) as Uploaded;
  };
  const entriesWith = async (tags: Hex) => {
    const { chain } = network.context;
    const all = await entriesIn(chain, { from: 0, to: await chain.head() }, {});
    return all.filter((entry) => entry.tags === tags);
  };

  it("stores a file on as many nodes as asked for, and reads it back", async () => {
    const { path, bytes } = newFile("both", 700_000);
    const life = newLife([path], { replicas: 2 });
    const uploaded = finished(await run(life));
    expect(uploaded.nodes.map(({ url }) => url)).to.have.members(network.network.storageNodes);
    const root = uploaded.files[0]?.root as Hex;
    const out = join(dir.path, "both.out");
    finished(await run({ ...life, download: { root, path: out } }));
    expect(equalBytes(readFileSync(out), bytes)).to.equal(true);
    expect(finished(await run(life)).known).to.equal(true);
    expect(await entriesWith(life.tags)).to.have.length(1);
  });

  it("pays for nothing when there are not as many copies to be had", async () => {
    const life = newLife([newFile("three", 1_000).path], { replicas: 3 });
    const { code, errors } = await run(life);
    expect(code).to.not.equal(0);
    expect(errors).to.include("NoReplicas");
    expect(await entriesWith(life.tags)).to.have.length(0);
  });

  for (const point of points("workers/uploader/")) {
    it(`that is killed at ${point} goes on, pays once, and loses nothing`, async () => {
      const { path, bytes } = newFile(point, 600_000);
      const life = newLife([path]);
      const killed = await run(life, point);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      const uploaded = finished(await run(life));
      expect(await entriesWith(life.tags)).to.have.length(1);
      const root = uploaded.files[0]?.root as Hex;
      finished(await run({ ...life, download: { root, path: `${path}.out` } }));
      expect(equalBytes(readFileSync(`${path}.out`), bytes)).to.equal(true);
    });
  }

  for (const point of points("workers/downloader/")) {
    it(`that is killed at ${point} goes on with what it had`, async () => {
      const { path, bytes } = newFile(point, 3_000_000);
      const life = newLife([path]);
      const root = finished(await run(life)).files[0]?.root as Hex;
      const reading = { ...life, download: { root, path: `${path}.out` } };
      const killed = await run(reading, point === "download-segment" ? `${point}#5` : point);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      finished(await run(reading));
      expect(equalBytes(readFileSync(`${path}.out`), bytes)).to.equal(true);
    });
  }

  it("that writes the same again makes a new entry only when the last one was stored", async () => {
    const { path } = newFile("again", 1_000);
    const life = newLife([path], { again: true });
    for (const point of ["upload-sent", "upload-segment", "upload-pushed"]) {
      expect((await run(life, point)).signal).to.equal("SIGKILL");
      expect(await entriesWith(life.tags), point).to.have.length(1);
    }
    finished(await run(life));
    expect(await entriesWith(life.tags)).to.have.length(1);
    finished(await run(life));
    expect(await entriesWith(life.tags)).to.have.length(2);
  });

  it("that uploads many files at once pays for each once, in few transactions", async () => {
    const files = Array.from({ length: 70 }, (_, index) => newFile(`many-${index}`, 1 + index * 97));
    // Of two files with the same bytes one entry is enough.
    const paths = [...files.map(({ path }) => path), files[3]?.path as string];
    const life = newLife(paths);
    const killed = await run(life, "upload-mined#2");
    expect(killed.signal, killed.errors).to.equal("SIGKILL");
    const uploaded = finished(await run(life));
    expect(uploaded.files).to.have.length(71);
    expect(uploaded.transactions).to.have.length(3);
    const entries = await entriesWith(life.tags);
    expect(new Set(entries.map(({ root }) => root)).size).to.equal(70);
    expect(entries).to.have.length(70);
  });
});
