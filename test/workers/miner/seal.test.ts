import { expect } from "chai";
import { openClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { equalBytes, type Hex, toHex } from "../../../protocol/hex.ts";
import { isEmptySeal, SEAL_BYTES, seal, unseal } from "../../../protocol/seal.ts";
import { type Shard, WHOLE_LOG } from "../../../protocol/shard.ts";
import { openMinerDb, sealedLengthOf } from "../../../workers/miner/db.ts";
import { ABSENT, EMPTY } from "../../../workers/miner/load-record.ts";
import { applyEvents, applyReorg } from "../../../workers/miner/log.ts";
import { contextOf, sectorOf } from "../../../workers/miner/plan.ts";
import { rememberingRoots } from "../../../workers/miner/roots.ts";
import { createScan, prune } from "../../../workers/miner/scan.ts";
import { type SealDeps, sealLoad } from "../../../workers/miner/seal.ts";
import { openVault } from "../../../workers/miner/vault.ts";
import { openPeers } from "../../../workers/peers.ts";
import { type FileNode, startFileNode } from "../../fakes/fileNode.ts";
import { plainMining } from "../../fakes/mining.ts";
import { tempDir } from "../../fakes/temp.ts";
import { createWorld, hash, MINER, type World } from "./world.ts";

const never = new AbortController().signal;

/** A miner's disk, without its network. */
const openDisk = async (shard: Shard = WHOLE_LOG, dir = tempDir("miner")) => {
  const db = await openMinerDb(dir.path, shard);
  await db.setMinerId(MINER);
  const vault = await openVault(dir.path, db, shard);
  return {
    ...{ dir, db, vault },
    scan: createScan({ db, vault, shard }),
    deps: (world: World): SealDeps => ({ db, vault, source: world.source, mining: plainMining(), minerId: MINER }),
    close: async () => {
      await vault.close();
      await db.close();
    },
  };
};
type Disk = Awaited<ReturnType<typeof openDisk>>;

describe("sealing", () => {
  let world: World;
  let disk: Disk;
  beforeEach(async () => {
    world = createWorld();
    disk = await openDisk();
  });
  afterEach(async () => {
    await disk.close();
    disk.dir.remove();
  });

  const apply = (...events: Parameters<typeof applyEvents>[1]) => applyEvents(disk.db, events);
  const scan = (limit: number): number[] =>
    disk.scan(limit, { from: 0, to: Math.ceil(sealedLengthOf(disk.db) / 1024) });
  const sealAll = async (): Promise<void> => {
    for (let loads = scan(1); loads.length > 0; loads = scan(1)) {
      await sealLoad(disk.deps(world), loads[0] as number, never);
    }
  };
  /** Every seal on the disk, unsealed by the context on record, is what the log has there; returns how many there are. */
  const check = async (): Promise<number> => {
    let count = 0;
    for (const [key, record] of disk.db.rows("loads")) {
      for (const [i, of] of record.seals.entries()) {
        const position = sectorOf(Number(key), i);
        const data = world.data(position, position + 16);
        if (of === EMPTY) expect(isEmptySeal(data), `seal at ${position}`).to.equal(true);
        if (of < 0) continue;
        const bytes = await disk.vault.read(record.slot as number);
        const sealed = bytes.slice(i * SEAL_BYTES, (i + 1) * SEAL_BYTES);
        const contextDigest = contextOf(record, i) as Hex;
        expect(equalBytes(unseal(sealed, { minerId: MINER, contextDigest, position }), data)).to.equal(true);
        count += 1;
      }
    }
    return count;
  };

  it("turns every seal that holds something into what the chain asks for, and stores nothing for padding", async () => {
    await apply(world.submit(300_000), world.submit(700), world.submit(5_000), world.epoch());
    await sealAll();
    // 300,000 bytes are 1,172 sectors, 1,280 with their padding: 74 seals with data.
    expect(await check()).to.equal(74 + 2);
    expect(disk.vault.index.size()).to.equal(2);
    expect(disk.vault.record(0).slot).to.equal(null);
    const bytes = await disk.vault.read(disk.vault.record(1).slot as number);
    const key = { minerId: MINER, contextDigest: contextOf(disk.vault.record(1), 0) as Hex, position: 1024 };
    expect(toHex(bytes.slice(0, SEAL_BYTES))).to.equal(toHex(seal(world.data(1024, 1040), key)));
  });

  it("waits for a context, and goes on with a load where the last one ended", async () => {
    await apply(world.submit(262_144 + 30_000));
    expect(scan(10)).to.deep.equal([]);
    await apply(world.epoch(hash("first")));
    await sealAll();
    const first = await check();
    await apply(world.submit(20_000), world.submit(20_000));
    expect(scan(10)).to.deep.equal([]);
    await apply(world.epoch(hash("second")));
    await sealAll();
    expect(await check()).to.equal(first + 10);
    expect(disk.vault.record(2).contexts).to.deep.equal([hash("first"), hash("second")]);
  });

  it("seals what there is when some data is nowhere to be had, and the rest when it is", async () => {
    await apply(world.submit(262_144), world.submit(5_000), world.submit(6_000), world.epoch());
    const lost = world.files[1];
    if (lost !== undefined) world.lost.add(lost);
    const load = Math.floor((lost?.start ?? 0) / 1024);
    const part = await sealLoad(disk.deps(world), load, never);
    expect(part).to.deep.equal({ sealed: 1, empty: 0, why: "NotStored" });
    expect(disk.vault.record(load).seals.slice(0, 4)).to.deep.equal([ABSENT, ABSENT, 0, ABSENT]);
    await check();
    world.lost.clear();
    world.asked.length = 0;
    const rest = await sealLoad(disk.deps(world), load, never);
    expect(rest).to.deep.equal({ sealed: 2, empty: 0, why: undefined });
    // What is sealed already is not fetched again.
    expect(world.asked).to.deep.equal([`${lost?.root}/0`]);
    expect(await check()).to.equal(3);
    expect(await sealLoad(disk.deps(world), load, never)).to.deep.equal({ sealed: 0, empty: 0, why: undefined });
  });

  it("takes data from nodes of which it trusts none", async () => {
    await apply(world.submit(600_000), world.epoch());
    const nodes = await Promise.all([startFileNode(), startFileNode()]);
    const client = openClient();
    try {
      for (const node of nodes) node.hold(...world.files);
      const [liar, honest] = nodes as [FileNode, FileNode];
      liar.twist = (path, { status, body }) => {
        const twisted = body.slice();
        if (path.includes("/segments/")) twisted[body.length - 1] = (twisted[body.length - 1] as number) ^ 1;
        return { status, body: twisted };
      };
      const peers = openPeers({ client, urls: [liar.url, honest.url], log: silentLog });
      const source = rememberingRoots(peers);
      for (const load of [2, 3, 4]) await sealLoad({ ...disk.deps(world), source }, load, never);
      expect(await check()).to.equal(147);
      expect(peers.report().map(({ lied }) => lied > 0)).to.deep.equal([true, false]);
    } finally {
      client.close();
      for (const node of nodes) await node.close();
    }
  });

  it("keeps its shard, and nothing else", async () => {
    await disk.close();
    disk.dir.remove();
    disk = await openDisk({ shardId: 1, numShard: 2 });
    await apply(world.submit(1_500_000), world.epoch());
    await sealAll();
    expect([...disk.db.rows("loads")].map(([key]) => Number(key))).to.deep.equal([1, 3, 5, 7, 9]);
    expect(disk.vault.index.size()).to.equal(3);
    await check();
  });

  it("goes on after a restart with what is on record, and gives the rest of the file to others", async () => {
    await apply(world.submit(800_000), world.epoch());
    await sealLoad(disk.deps(world), 2, never);
    // Taken by a process that died before it wrote a record.
    disk.vault.take();
    await disk.close();
    disk = await openDisk(WHOLE_LOG, disk.dir);
    expect(disk.vault.index.size()).to.equal(1);
    await sealAll();
    expect(await check()).to.equal(196);
    expect([...disk.db.rows("loads")].map(([, { slot }]) => slot).filter((slot) => slot !== null)).to.deep.equal([
      ...[0, 1, 2, 3],
    ]);
  });

  it("takes back what a reorg took, and seals it by the context that the chain has then", async () => {
    await apply(world.submit(262_144), world.epoch(hash("stays")));
    await sealAll();
    const ancestor = world.block();
    await apply(world.submit(300_000), world.submit(700), world.epoch(hash("goes")));
    await sealAll();
    const before = await check();
    world.rewind(1, ancestor);
    for (const load of await applyReorg(disk.db, ancestor)) disk.vault.show(load);
    expect(await check()).to.equal(64);
    expect(sealedLengthOf(disk.db)).to.equal(2048);
    await apply(world.submit(300_000, 99), world.submit(700, 98), world.epoch(hash("comes")));
    await sealAll();
    expect(await check()).to.equal(before);
    expect(disk.vault.record(2).contexts).to.include(hash("comes"));
    expect(contextOf(disk.vault.record(2), 0)).to.equal(hash("comes"));
  });

  it("writes no record of a context that a reorg took while it sealed", async () => {
    await apply(world.submit(262_144), world.epoch());
    const deps = disk.deps(world);
    const { segment } = deps.source;
    const source: typeof deps.source = {
      ...deps.source,
      segment: async (...args) => {
        await applyReorg(disk.db, 0);
        return segment(...args);
      },
    };
    expect(await sealLoad({ ...deps, source }, 1, never)).to.deep.equal({ sealed: 0, empty: 0, why: "moved" });
    expect([...disk.db.rows("loads")]).to.deep.equal([]);
    expect(disk.vault.take()).to.equal(0);
  });

  it("applies what the chain said once, however often it says it, and refuses a log with a gap", async () => {
    const events = [world.submit(1_000), world.epoch(), world.submit(2_000), world.epoch(), world.submit(3_000)];
    await apply(...events);
    const rows = () => JSON.stringify([[...disk.db.rows("entries")], [...disk.db.rows("contexts")]]);
    const once = rows();
    await apply(...events);
    await apply(...events.slice(2));
    expect(rows()).to.equal(once);
    world.submit(4_000);
    const error = await apply(world.submit(5_000)).then(
      () => undefined,
      (thrown: { code: string }) => thrown.code,
    );
    expect(error).to.equal("BadResponse");
    expect(rows()).to.equal(once);
  });

  it("is given up where nobody is paid for it any more, and its room is another load's", async () => {
    await apply(world.submit(800_000), world.epoch());
    await sealAll();
    expect(await prune(disk.db, disk.vault, 4)).to.equal(2);
    expect(disk.vault.index.size()).to.equal(2);
    expect(scan(10)).to.deep.equal([]);
    expect(disk.vault.take()).to.equal(0);
  });

  it("refuses a folder that was sealed for another shard", async () => {
    await disk.close();
    const error = await openMinerDb(disk.dir.path, { shardId: 0, numShard: 2 }).then(
      () => undefined,
      (thrown: { code: string }) => thrown.code,
    );
    expect(error).to.equal("BadConfig");
    disk = await openDisk(WHOLE_LOG, disk.dir);
  });
});
