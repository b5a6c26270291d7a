/** A miner: seals the log's data for its id, looks for tickets in it while its window is open, and answers with them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { computeAddress } from "ethers";
import { follow, type Head, storeCursor } from "../../adapters/follow.ts";
import { listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { takeLock } from "../../adapters/lock.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openMining } from "../../adapters/mining.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT } from "../../protocol/params.ts";
import { isShard, type Shard, WHOLE_LOG } from "../../protocol/shard.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { openPeers } from "../peers.ts";
import { route } from "../route.ts";
import { subscribe } from "../subscribe.ts";
import { openWallet } from "../wallet.ts";
import { answerHit } from "./answer.ts";
import { createCalls, type Rules } from "./calls.ts";
import { lengthOf, openMinerDb, sealedLengthOf } from "./db.ts";
import { createEdges } from "./edges.ts";
import { createLanding, type Flying } from "./flying.ts";
import { forgetHits, openHits } from "./hits.ts";
import { createMinerHttp } from "./http.ts";
import { createIdentity } from "./identity.ts";
import { applyEvents, applyReorg } from "./log.ts";
import { createMinerTask } from "./mine.ts";
import { claimOwed, rollEpoch } from "./money.ts";
import { loadsToMine } from "./plan.ts";
import { rememberingRoots } from "./roots.ts";
import { createScan, prune } from "./scan.ts";
import { sealLoad } from "./seal.ts";
import { createState } from "./state.ts";
import { openVault } from "./vault.ts";

export type MinerOptions = PartyOptions & {
  /** Private key. It pays for the miner's transactions; nobody else sends with it. */
  readonly wallet: Hex;
  /** What of the log it seals; default: all. A folder keeps the shard that it was made with. */
  readonly shard?: Shard;
  /** Whom its answers pay; default: the key's own account. Of an id that is there already: as it was requested. */
  readonly beneficiary?: Hex;
  /** First sector of the log that it would like to mine, of a log longer than a range; default 0. */
  readonly startPosition?: number;
  /** Threads for sealing and mining, and the share of each one's time that mining may take; default 1 and 1. */
  readonly threads?: number;
  readonly share?: number;
  /** Wei earned for a wei of gas below which no transaction is sent; default 1. 0: any reward will do. */
  readonly leastGain?: number;
};

/** Gas of a withdrawal is at most a tenth of it. */
const CLAIM_GAIN = 10;

export const startMiner = async (context: Context, options: MinerOptions): Promise<Running> => {
  const { chain, timing, network } = context;
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    const { shard = WHOLE_LOG, leastGain = 1 } = options;
    const calls = createCalls(chain);
    const rules = await calls.rules();
    checkShard(shard, rules);
    const beneficiary = normalHex(options.beneficiary ?? computeAddress(options.wallet), 20);
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(join(options.dir, "lock"));
    if (!lock.taken) throw new ZgError("DataFolderLocked", { data: options.dir, pid: lock.owner });
    shutdown.add("lock", () => lock.release());
    const db = await openMinerDb(options.dir, shard);
    shutdown.add("store", () => db.close());
    const vault = await openVault(options.dir, db, shard);
    shutdown.add("vault", () => vault.close());
    const mining = await openMining({ threads: options.threads, share: options.share });
    shutdown.add("mining", () => mining.close());
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const client = openClient();
    shutdown.add("client", async () => client.close());
    const peers = openPeers({ client, urls: network.storageNodes, log });
    const source = rememberingRoots(peers);

    const flying: Flying = new Map();
    const wallet = await openWallet({
      ...{ dir: options.dir, key: options.wallet, chain, log },
      ...{ pollMs: timing.pollMs, idleMs: timing.reconcileMs, onMoved: createLanding({ flying, db, log }) },
    });
    shutdown.add("wallet", () => wallet.stop());

    const identity = createIdentity({ db, chain, calls, wallet, beneficiary, fromBlock: network.fromBlock });
    // An id that is on the chain already is known before the log is: what it earned before is counted, too.
    await identity();
    const minerId = db.minerId;
    const known = (): Hex => {
      const id = minerId();
      if (id === undefined) throw new ZgError("NotFound", { what: "miner id", account: wallet.address });
      return id;
    };
    let head: Head = { latest: 0, finalized: 0, timestamp: 0 };
    let front = 0;
    const scan = createScan({ db, vault, shard });
    const bounds = () => {
      const { from, to } = loadsToMine(shard, sealedLengthOf(db), rules, options.startPosition);
      return { from: Math.max(from, front), to };
    };
    const waiting = new Map<number, { readonly why: string; readonly since: number }>();
    const task = createMinerTask({
      ...{ db, vault, mining, calls, minerId, shard, rules, startPosition: options.startPosition, log },
      onHit: async (quality) => {
        await queues.tryAdd(route.answer, { quality });
      },
    });
    shutdown.add("task", () => task.stop());
    const claimGain = leastGain === 0 ? 0 : Math.max(CLAIM_GAIN, leastGain);
    const edges = createEdges({
      ...{ queues, minerId, task, waiting, log },
      scan: (limit) => scan(limit, bounds()),
      seal: (load, signal) => sealLoad({ db, vault, source, mining, minerId: known() }, load, signal),
      answer: (quality, signal) =>
        answerHit(
          {
            ...{ db, vault, peers, calls, wallet, minerId: known(), leastGain, head: () => head, flying, log },
            sectorsPerPrice: rules.sectorsPerPrice,
          },
          quality,
          signal,
        ),
      roll: async () => {
        const worth = lengthOf(db) > Math.max(1, sealedLengthOf(db)) || vault.index.size() > 0;
        if (minerId() !== undefined) await rollEpoch({ calls, wallet, minerId: known(), rules }, head.latest, worth);
      },
      claim: async () => {
        if (minerId() !== undefined) await claimOwed({ calls, wallet, minerId: known(), leastGain: claimGain });
      },
    });
    subscribe(queues, "miner", edges.handlers);

    const follower = await follow({
      ...{ chain, log, pollMs: timing.pollMs, confirmations: Math.max(1, timing.confirmations) },
      addresses: [chain.addresses.Flow, chain.addresses.PoraMine, chain.addresses.ChunkLinearReward],
      ...{ cursor: storeCursor(db.store, "cursor", "log"), fromBlock: network.fromBlock },
      onBlocks: async ({ events }) => {
        await applyEvents(db, events);
        if (events.some(({ name }) => name === "NewEpoch")) await edges.feed();
      },
      onReorg: async ({ ancestor }) => {
        for (const load of await applyReorg(db, ancestor)) vault.show(load);
        log.warn({ ancestor }, "reorg: taken back");
      },
      onHead: async (now) => {
        head = now;
        await identity();
        await forgetHits(db, now.finalized);
        await queues.tryAdd(route.mine, {});
        await queues.tryAdd(route.roll, {});
      },
    });
    shutdown.add("follower", () => follower.stop());
    const done = endWith(follower, shutdown);
    const loop = startLoop({
      ...{ name: "miner reconcile", everyMs: timing.reconcileMs, log },
      run: async () => {
        front = ((await calls.firstRewardableChunk()) * rules.sectorsPerPrice) / SECTORS_PER_SEGMENT;
        await prune(db, vault, front);
        await edges.reconcile(openHits(db));
      },
    });
    shutdown.add("reconcile", () => loop.stop());

    const app = createMinerHttp({
      ...{ log, metrics: createMetrics(options.name) },
      state: createState({
        ...{ name: options.name, network, shard, beneficiary, db, vault, mining, task, calls, wallet, peers, queues },
        ...{ waiting, bounds, position: follower.position, head: () => head },
      }),
    });
    shutdown.add("http", () => app.close());
    const url = await listenHttp(app, { port: options.port });
    return { url, done, stop: () => shutdown.stop().then(() => undefined) };
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
};

/** The chain pays for so many shards at most. */
const checkShard = (shard: Shard, { maxShards }: Rules): void => {
  if (!isShard(shard)) throw new ZgError("BadConfig", { what: "shard", ...(shard as object) });
  if (shard.numShard > maxShards) throw new ZgError("BadConfig", { what: "shards", asked: shard.numShard, maxShards });
};
