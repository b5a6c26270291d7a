import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { computeAddress } from "ethers";
import { openKey } from "../../adapters/bls.ts";
import { follow, type Head, storeCursor } from "../../adapters/follow.ts";
import { listenHttp } from "../../adapters/http.ts";
import { openClient } from "../../adapters/http-client.ts";
import { takeLock } from "../../adapters/lock.ts";
import { startLoop } from "../../adapters/loop.ts";
import { createMetrics } from "../../adapters/metrics.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { subscribe } from "../subscribe.ts";
import { openWallet } from "../wallet.ts";
import { createCalls } from "./calls.ts";
import { createEdges } from "./edges.ts";
import { acceptEvidence, publisher } from "./evidence.ts";
import { createGauges } from "./gauges.ts";
import { createValidatorHttp } from "./http.ts";
import { openLedger } from "./ledger.ts";
import { createNodes } from "./nodes.ts";
import type { Progress } from "./sample.ts";
import { createSlotIn } from "./signer.ts";
import { createState } from "./state.ts";
import { createTraffic } from "./traffic.ts";
import { applyEvents, applyReorg, dropOver } from "./watch.ts";

export type ValidatorOptions = PartyOptions & {
  /** Private key of the account that registered; the address alone is used. */
  readonly wallet: Hex;
  /** BLS secret. */
  readonly bls: Hex;
  /** Wei of gain for a wei of gas below which a ticket is not claimed and nobody accused; default 1; 0: any gain will do. */
  readonly leastGain?: number;
};

/** Credit of so many times the gas of fetching it is fetched. */
const CREDIT_GAIN = 20;
const HEDGE_MS = 750;
const DEADLINE_MS = 4_000;
const TELL_AGAIN_MS = 250;

export const startValidator = async (context: Context, options: ValidatorOptions): Promise<Running> => {
  const { chain, compute, timing, network } = context;
  const log = context.log.child({ worker: options.name });
  const shutdown = createShutdown({ log });
  try {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    // Two processes with one key would sign once each, and send each other's transactions.
    const lock = await takeLock(join(options.dir, "lock"));
    if (!lock.taken) throw new ZgError("DataFolderLocked", { data: options.dir, pid: lock.owner });
    shutdown.add("lock", () => lock.release());
    const ledger = await openLedger(options.dir);
    shutdown.add("store", () => ledger.close());
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const client = openClient({ deadlineMs: DEADLINE_MS });
    shutdown.add("client", () => client.close());
    const key = openKey(options.bls);
    const account = computeAddress(options.wallet).toLowerCase() as Hex;
    const slotIn = createSlotIn(chain, key.publicKey);
    const nodes = createNodes({ client, urls: network.storageNodes, hedgeMs: HEDGE_MS, deadlineMs: DEADLINE_MS });
    const { chainId, addresses } = chain;
    const confirmWindow = Number(await chain.entrance.getFunction("confirmWindow")());
    const calls = createCalls(chain);
    const terms = await calls.terms();
    // A draw is the beginning of every longer one: what the chain asks for is among what this network needs.
    const samples = Math.max(timing.samples, terms.samples);
    const progress: Progress = new Map();
    let head: Pick<Head, "latest" | "finalized"> = { latest: 0, finalized: 0 };
    const telling = new AbortController();
    shutdown.add("evidence", async () => telling.abort());
    const publish = publisher({
      ...{ ledger, client, urls: network.validators, latest: () => head.latest, log },
      ...{ signal: telling.signal, pauseMs: TELL_AGAIN_MS },
    });
    const metrics = createMetrics(options.name);
    const carried = metrics.counter("sample_traffic_bytes_total", "Bytes on the wire for samples and metadata");
    const audits = metrics.counter("audits_total", "Audits that asked this validator, by how they ended", ["end"]);
    const traffic = createTraffic((bytes) => carried.inc(bytes));
    const sampleDeps = {
      ...{ ledger, nodes, compute, key, slotIn, chainId, progress, log, latest: () => head.latest, now: Date.now },
      ...{ entrance: addresses.DAEntrance, samples },
      ...{ traffic, publish },
    };
    const wallet = await openWallet({
      ...{ dir: options.dir, key: options.wallet, chain, log },
      ...{ pollMs: timing.pollMs, idleMs: timing.reconcileMs },
    });
    shutdown.add("wallet", () => wallet.stop());
    const { leastGain = 1 } = options;
    const shared = { calls, wallet, terms, head: () => head };
    const edges = createEdges({
      queues,
      sample: sampleDeps,
      duty: {
        ...shared,
        ledger,
        nodes,
        compute,
        publicKey: key.publicKey,
        leastGain,
        log,
        onAudit: (end) => audits.inc({ end }),
      },
      lease: { ...shared, epochs: await calls.epochs(), leastGain: leastGain === 0 ? 0 : CREDIT_GAIN },
    });
    subscribe(queues, "validator", edges.handlers);

    const watch = { ledger, log, windows: terms, entrance: { chainId, entrance: addresses.DAEntrance, confirmWindow } };
    const follower = await follow({
      ...{ chain, log, pollMs: timing.pollMs, confirmations: Math.max(1, timing.confirmations) },
      ...{ addresses: [addresses.DAEntrance], fromBlock: network.fromBlock },
      cursor: storeCursor(ledger.store, "cursor", "chain"),
      onBlocks: async ({ events }) => {
        for (const batchId of await applyEvents(watch, events)) await edges.enqueue(batchId);
      },
      onReorg: ({ ancestor }) => applyReorg(watch, ancestor),
      onHead: async (now) => {
        head = now;
        await dropOver(watch, now.finalized);
      },
    });
    shutdown.add("follower", () => follower.stop());
    const done = endWith(follower, shutdown);
    const loop = startLoop({
      ...{ name: "validator reconcile", everyMs: timing.reconcileMs, log },
      run: edges.reconcile,
    });
    shutdown.add("reconcile", () => loop.stop());
    // Whom it told before it was stopped is not on record: all are told again.
    for (const { batch } of ledger.all()) publish(batch.facts.batchId);

    const gauge = createGauges(metrics);
    const app = createValidatorHttp({
      ...{ log, ledger, progress, metrics, onMetrics: () => gauge(ledger, terms, head) },
      acceptEvidence: (...evidence) => acceptEvidence({ ledger, compute, wake: edges.enqueue }, ...evidence),
      state: createState({
        ...{ name: options.name, account, publicKey: key.publicKey, network, ledger, queues, nodes, progress, traffic },
        ...{ slotIn, signers: chain.signers, position: follower.position, head: () => head },
        ...{ samples, terms, calls, wallet },
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
