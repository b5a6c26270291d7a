import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { takeFolder } from "../../devnet/folder.ts";
import { partyKeys } from "../../devnet/keys.ts";
import { choosePorts } from "../../devnet/ports.ts";
import type { ZgError } from "../../protocol/errors.ts";

describe("a network's data folder", () => {
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), "zg-folder-"));
  });
  afterEach(() => rm(data, { recursive: true }));

  it("belongs to one process at a time", async () => {
    // Process 1 lives as long as the machine and is not this one.
    await writeFile(join(data, "lock"), "1");
    const refused = async () => expect(await takeFolder(data).catch((e: ZgError) => e)).to.include(locked);
    const locked = { code: "DataFolderLocked" };
    await refused();
    await rm(join(data, "lock"));
    const giveBack = await takeFolder(data);
    await refused();
    await giveBack();
  });

  it("is taken over from a process that was killed, and given back", async () => {
    await writeFile(join(data, "lock"), "999999999");
    const giveBack = await takeFolder(data);
    expect(await readdir(data)).to.deep.equal(["lock"]);
    await giveBack();
    expect(await readdir(data)).to.deep.equal([]);
  });

  it("makes a party's keys once, at random, for its owner only", async () => {
    const [first, again] = await Promise.all([partyKeys(data, "validator-0"), partyKeys(data, "validator-0")]);
    const other = await partyKeys(data, "validator-1");
    expect(again).to.deep.equal(first);
    expect(new Set([first.wallet, first.bls, other.wallet, other.bls]).size).to.equal(4);
    expect((await stat(join(data, "keys/validator-0.json"))).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(data, "keys"))).to.deep.equal(["validator-0.json", "validator-1.json"]);
  });

  it("keeps ports over a restart, except those that somebody else took", async () => {
    const names = ["chain", "disperser", "storage-0"];
    const first = await choosePorts(data, names);
    expect(new Set(Object.values(first)).size).to.equal(3);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(first.chain, "127.0.0.1", resolve));
    const second = await choosePorts(data, names);
    squatter.close();
    expect(second.chain).not.to.equal(first.chain);
    expect(second).to.include({ disperser: first.disperser, "storage-0": first["storage-0"] });
  });
});
