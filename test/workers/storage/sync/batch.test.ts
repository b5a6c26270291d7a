import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Compute } from "../../../../adapters/compute.ts";
import { type HttpClient, openClient } from "../../../../adapters/http-client.ts";
import { silentLog } from "../../../../adapters/log.ts";
import { unlimited } from "../../../../adapters/throttle.ts";
import type { Shard } from "../../../../protocol/shard.ts";
import { openPeers, type Peers } from "../../../../workers/peers.ts";
import { stateOf } from "../../../../workers/storage/batches/record.ts";
import type { LogStore } from "../../../../workers/storage/log/types.ts";
import { type BatchSyncDeps, lacksBatch, lostRows, syncBatch } from "../../../../workers/storage/sync/batch.ts";
import { createLost } from "../../../../workers/storage/sync/lost.ts";
import { createScan } from "../../../../workers/storage/sync/scan.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { sharedCompute } from "../../../protocol/pool.ts";
import { honest, overlapping } from "../../batches.ts";
import { runChild, writeStored } from "../../child.ts";
import { confirmedEvent, submittedEvent } from "../../fake-chain.ts";
import type { Stored } from "../../stored.ts";
import { openNode, type TestNode } from "../node.ts";
import { type BatchServer, startBatchServer } from "./batchServer.ts";

const { signal } = new AbortController();
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 1_000 ? byte ^ 1 : byte));

describe("a batch that a storage node lacks", function () {
  this.timeout(60_000);
  let compute: Compute;
  let stored: Stored;
  let client: HttpClient;
  let [full, second, poor]: TestNode[] = [];
  let servers: BatchServer[];
  let shard: Shard;

  before(async () => {
    compute = await sharedCompute();
    stored = await honest();
    client = openClient();
  });
  after(() => client.close());
  beforeEach(async () => {
    shard = { shardId: 0, numShard: 1 };
    [full, second, poor] = await Promise.all([1, 2, 3].map(() => openNode({ compute })));
    for (const node of [full, second, poor] as TestNode[]) {
      await node.submit(stored);
      if (node !== poor) await node.upload(stored);
      node.fake.mine(confirmedEvent(stored.batch, 6, node.fake.hashAt(1)));
      await node.follow();
      if (node !== poor) await node.settle(stored.batch.facts.batchId);
    }
    servers = await Promise.all([full, second].map((node) => startBatchServer(() => node as TestNode)));
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all([full, second, poor].map((node) => node?.close()));
  });

  const id = () => stored.batch.facts.batchId;
  const node = () => poor as TestNode;
  const store = (): Pick<LogStore, "entry" | "shard"> => ({
    entry: () => ({ start: 0 }) as ReturnType<LogStore["entry"]>,
    shard: () => shard,
  });
  const deps = (peers: Peers, own = node()): BatchSyncDeps & { rows: number } => {
    const counted = {
      ...{ shelf: own.shelf, intake: own.intake, store: store(), peers, latest: () => 3, hands: 2, rows: 0 },
      onRow: () => {
        counted.rows += 1;
      },
    };
    return counted;
  };
  const peersOf = (...urls: string[]) => openPeers({ client, log: silentLog, urls });
  const all = () => peersOf(...servers.map(({ url }) => url));
  const server = (i: number) => servers[i] as BatchServer;

  it("comes from peers, is checked as an upload is, and is settled", async () => {
    expect(lacksBatch(node().shelf.find(id()) as never, 3)).to.equal(true);
    const peers = all();
    const synced = deps(peers);
    expect(await syncBatch(synced, id(), signal)).to.deep.equal({ fetched: 4, failure: undefined, from: 0 });
    expect(synced.rows).to.equal(4);
    expect(stateOf(node().shelf.find(id()))).to.equal("confirmed");
    expect(lacksBatch(node().shelf.find(id()) as never, 3)).to.equal(false);
    expect(await node().settle(id())).to.equal(true);
    for (const row of [0, 1, 2, 3]) {
      expect(Buffer.compare(node().serve.row(id(), row), full?.serve.row(id(), row) as Uint8Array)).to.equal(0);
    }
    expect(peers.report().map(({ lied, codes }) => [lied, codes])).to.deep.equal([
      [0, {}],
      [0, {}],
    ]);
  });

  it("drops and names peers that send another row, other metadata, or too little", async () => {
    const lies: readonly BatchServer["twist"][] = [
      (path, { status, body }) => ({ status, body: path.includes("/rows/") ? flipped(body) : body }),
      (path, { status, body }) => ({ status, body: path.includes("/metadata") ? flipped(body) : body }),
      (path, { status, body }) => ({ status, body: path.includes("/rows/") ? body.subarray(32) : body }),
      (path, honest) =>
        path.includes("/rows/")
          ? { status: 200, body: full?.serve.row(id(), 3 - Number(path.slice(-1))) as Uint8Array }
          : honest,
    ];
    for (const twist of lies) {
      server(1).twist = twist;
      const peers = peersOf(server(1).url, server(0).url);
      const outcome = await syncBatch(deps(peers), id(), signal);
      expect(outcome.failure).to.equal(undefined);
      const [liar, honest] = peers.report();
      expect(liar?.lied).to.be.within(1, 2);
      expect(honest?.lied).to.equal(0);
      expect(stateOf(node().shelf.find(id()))).to.equal("confirmed");
      await node().close();
      poor = await openNode({ compute });
      await poor.submit(stored);
      poor.fake.mine(confirmedEvent(stored.batch, 6, poor.fake.hashAt(1)));
      await poor.follow();
    }
  });

  it("comes in parts from nodes that keep a shard each, and not at all where one row is missing", async () => {
    server(0).shard = { shardId: 0, numShard: 2 };
    server(1).shard = { shardId: 1, numShard: 4 };
    const synced = await syncBatch(deps(all()), id(), signal);
    expect(synced).to.deep.equal({ fetched: 3, failure: "NotInShard", from: 0 });
    expect(stateOf(node().shelf.find(id()))).to.equal("submitted");
    server(1).shard = { shardId: 1, numShard: 2 };
    const rest = await syncBatch(deps(all()), id(), signal);
    expect(rest).to.deep.equal({ fetched: 1, failure: undefined, from: 0 });
    expect(stateOf(node().shelf.find(id()))).to.equal("confirmed");
  });

  it("goes on after a death where it was, asking for nothing twice", async () => {
    const stop = new AbortController();
    const own = deps(peersOf(server(0).url));
    const cut = { ...own, hands: 1, onRow: () => own.shelf.rowCount(id()) === 2 && stop.abort() } as BatchSyncDeps;
    await syncBatch(cut, id(), stop.signal).catch(() => undefined);
    expect(node().shelf.rowCount(id())).to.be.within(2, 3);
    poor = await node().restart();
    await poor.follow();
    server(0).asked.length = 0;
    expect((await syncBatch(deps(peersOf(server(0).url)), id(), signal)).failure).to.equal(undefined);
    expect(server(0).asked.filter((path) => path.includes("/rows/")).length).to.be.within(1, 2);
    expect(server(0).asked.filter((path) => path.includes("/metadata"))).to.deep.equal([]);
    expect(stateOf(poor.shelf.find(id()))).to.equal("confirmed");
  });

  for (const [crashpoint, missing] of [
    ["rows-half-received", 4],
    ["row-written-not-fsynced#3", 2],
    ["staged-not-acked", 0],
    ["settle-half", 0],
  ] as const) {
    it(`goes on where it was when it was killed at ${crashpoint}`, async () => {
      const at = tempDir("batch-life");
      const [dir, file] = [join(at.path, "node"), join(at.path, "batch.json")];
      mkdirSync(dir);
      writeFileSync(file, writeStored(stored));
      const life = (where?: string) => runChild("storage/sync/batchLife.child.ts", [dir, file, server(0).url], where);
      const killed = await life(crashpoint);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      server(0).asked.length = 0;
      const ended = await life();
      expect(ended.output, ended.errors).to.equal(`${missing} settled`);
      expect(server(0).asked.filter((path) => path.includes("/rows/")).length).to.equal(missing);
      at.remove();
    });
  }

  it("is not asked for before its confirmation, nor once nobody must keep it, nor when it is bad", async () => {
    const fresh = await openNode({ compute });
    await fresh.submit(stored);
    const record = fresh.shelf.find(id()) as never;
    expect(lacksBatch(record, 2)).to.equal(false);
    fresh.fake.mine(confirmedEvent(stored.batch, 6, fresh.fake.hashAt(1)));
    await fresh.follow();
    const confirmed = fresh.shelf.find(id());
    const retainUntil = confirmed?.confirmed?.retainUntil ?? 0;
    expect(lacksBatch(confirmed as never, retainUntil)).to.equal(true);
    expect(lacksBatch(confirmed as never, retainUntil + 1)).to.equal(false);
    await fresh.close();
  });

  describe("what the disk forgot", () => {
    const spoil = async (table: string, key: string, how = flipped): Promise<void> => {
      const value = full?.shelf.store.table(table).get(key) as Uint8Array;
      await full?.shelf.store.write((tx) => tx.put(table, key, how(value)));
    };
    const scan = async () => {
      const own = full as TestNode;
      const lost = new Set<string>();
      const scanner = createScan({
        ...{ shelf: own.shelf, throttle: unlimited, log: silentLog, onLost: async (batchId) => void lost.add(batchId) },
        store: { ...store(), held: () => ({ segments: [], next: undefined }), check: async () => true },
      });
      while (await scanner.step(signal));
      return { lost: [...lost], ...scanner.report() };
    };
    const repair = () => syncBatch(deps(peersOf(server(1).url), full), id(), signal);

    it("is nothing while nothing has rotted", async () => {
      expect(await scan()).to.deep.include({ lost: [], checked: 5, rotten: 0, passes: 1 });
    });

    it("is found, given up, and fetched again: a cell, a hash, metadata, and a row that is gone", async () => {
      const whole = [0, 1, 2, 3].map((row) => full?.serve.row(id(), row) as Uint8Array);
      await spoil("cells", `${id()}/0001/3`);
      await spoil("trees", `${id()}/0002`);
      await full?.shelf.dropRows(id(), [3]);
      const found = await scan();
      expect(found).to.deep.include({ lost: [id()], rotten: 2 });
      expect(
        lostRows({ shelf: (full as TestNode).shelf, store: store() }, full?.shelf.find(id()) as never),
      ).to.deep.equal([1, 2, 3]);
      expect(await repair()).to.deep.equal({ fetched: 3, failure: undefined, from: 0 });
      expect(await scan()).to.deep.include({ lost: [], rotten: 0 });
      for (const row of [0, 1, 2, 3])
        expect(Buffer.compare(full?.serve.row(id(), row) as Uint8Array, whole[row] as Uint8Array)).to.equal(0);

      await spoil("metadata", id());
      expect(await scan()).to.deep.include({ lost: [id()], rotten: 1 });
      expect(await repair()).to.deep.equal({ fetched: 0, failure: undefined, from: 0 });
      expect(Buffer.compare(full?.serve.metadata(id()) as Uint8Array, stored.batch.bytes)).to.equal(0);
      expect(stateOf(full?.shelf.find(id()))).to.equal("settled");
    });

    it("is known to be gone when the node comes back", async () => {
      const first = createLost(full?.shelf as TestNode["shelf"]);
      await first.add(id());
      full = (await full?.restart()) as TestNode;
      const again = createLost(full.shelf);
      expect(again.has(id())).to.equal(true);
      await again.forget(id());
      expect(createLost(full.shelf).has(id())).to.equal(false);
    });

    it("waits for a peer that has it, and takes nothing else for it", async () => {
      await full?.shelf.dropRows(id(), [1]);
      server(1).twist = (path, { status, body }) => ({ status, body: path.includes("/rows/") ? flipped(body) : body });
      expect(await repair()).to.deep.equal({ fetched: 0, failure: "SegmentRootMismatch", from: 0 });
      expect(full?.shelf.hasRow(id(), 1)).to.equal(false);
    });

    it("is not looked for in rows of other shards", async () => {
      shard = { shardId: 1, numShard: 2 };
      await full?.shelf.dropRows(id(), [0, 2]);
      expect(await scan()).to.deep.include({ lost: [], checked: 3, rotten: 0 });
    });

    it("is read batch by batch, going on where it was when the node comes back", async () => {
      const other = await overlapping();
      full?.fake.mine(submittedEvent(other.batch));
      await full?.follow();
      await full?.upload(other);
      const own = full as TestNode;
      const lost = async (): Promise<void> => undefined;
      const held = { segments: [], next: undefined };
      const scanDeps = { shelf: own.shelf, throttle: unlimited, log: silentLog, onLost: lost };
      const scanner = createScan({ ...scanDeps, store: { ...store(), held: () => held, check: async () => true } });
      for (let step = 0; step < 16 * 4; step++) await scanner.step(signal);
      const again = createScan({ ...scanDeps, store: { ...store(), held: () => held, check: async () => true } });
      expect([again.report().passes, again.report().reading]).to.deep.equal([
        scanner.report().passes,
        scanner.report().reading,
      ]);
    });
  });
});
