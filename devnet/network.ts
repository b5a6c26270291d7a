/** The whole network, composed once: used by tasks, tests and scripts. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Wallet } from "ethers";
import { openChain } from "../adapters/chain.ts";
import type { Log } from "../adapters/log.ts";
import { type Contracts, type NetworkJson, removeNetwork, writeNetwork } from "../adapters/network.ts";
import { createShutdown, type Shutdown } from "../adapters/shutdown.ts";
import type { Parameters } from "../ignition/parameters/index.ts";
import type { Hex } from "../protocol/hex.ts";
import type { Context, Running, Timing } from "../workers/context.ts";
import { type DevChain, startChain } from "./chain/index.ts";
import { openContext } from "./context.ts";
import { mineUntilCounted } from "./counted.ts";
import { DEVNET_MNEMONIC, deployDevnet } from "./deploy.ts";
import { type Enrolled, enrol } from "./enrol.ts";
import { takeFolder } from "./folder.ts";
import { partyKeys } from "./keys.ts";
import { DISPERSER, startWorker, workersOf } from "./parties.ts";
import { choosePorts } from "./ports.ts";
import { startRedis } from "./redis/index.ts";

/** A chain that is there already, with the system deployed on it. */
export interface ExternalChain {
  readonly rpc: string;
  readonly chainId: number;
  readonly contracts: Contracts;
  readonly fromBlock: number;
  readonly finality: NetworkJson["finality"];
  /** Private key of the account that funds the workers and the validators' stakes. */
  readonly funder: Hex;
  /** Wei for each of them, for gas, fees and bonds. */
  readonly allowance: bigint;
}

export interface NetworkOptions {
  readonly data: string;
  /** Milliseconds between the devnet's blocks; 0: only transactions and `chain.mine` make blocks. */
  readonly interval: number;
  readonly storageNodes?: number;
  readonly validators?: number;
  /** Default 0, and no indexer: what only disperses does without both. */
  readonly kvNodes?: number;
  readonly indexer?: boolean;
  /** Default 0: what only disperses needs none. */
  readonly miners?: number;
  readonly mining?: NetworkJson["mining"];
  /** Shards and limits of storage nodes; default: every node keeps everything. */
  readonly storage?: NetworkJson["storage"];
  readonly timing?: Partial<Timing>;
  /** Workers that run in this process, by name (`workersOf`); default: all. */
  readonly embed?: readonly string[];
  readonly redis?: string;
  readonly bucket?: string;
  readonly chain?: ExternalChain;
  /** Devnet only: parameters of contracts that differ from ignition/parameters/devnet.json. */
  readonly parameters?: Parameters;
  /** Devnet only: blocks below the head that count as final. Its EVM calls every block finalized. */
  readonly finality?: number;
  readonly log: Log;
  /** Called when a part is up, with a line about it. */
  readonly onReady?: (part: string, detail: string) => void;
}

export interface RunningNetwork {
  readonly network: NetworkJson;
  readonly context: Context;
  /** null when the chain is an external one. */
  readonly devChain: DevChain | null;
  /** The embedded workers; a test may stop one and start it again with `startWorker`. */
  readonly workers: Map<string, Running>;
  stop(): Promise<void>;
}

const CACHE = fileURLToPath(new URL("../.cache", import.meta.url));
/** Deep enough that a test's reorg stays above it, shallow enough that a user sees FINALIZED within seconds. */
const DEVNET_FINALITY = 4;
const DEVNET_ALLOWANCE = 100n * 10n ** 18n;

export async function startNetwork(options: NetworkOptions): Promise<RunningNetwork> {
  const data = resolve(options.data);
  const shutdown = createShutdown({ log: options.log });
  try {
    return await start({ ...options, data }, shutdown);
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
}

async function start(options: NetworkOptions, shutdown: Shutdown): Promise<RunningNetwork> {
  const { data, log, onReady = () => undefined } = options;
  const names = {
    ...{ storage: options.storageNodes ?? 2, validator: options.validators ?? 4 },
    ...{ kv: options.kvNodes ?? 0, miner: options.miners ?? 0 },
  };
  shutdown.add("folder", await takeFolder(data));
  const serving = [
    "disperser",
    ...numbered("storage", names.storage),
    ...numbered("validator", names.validator),
    ...(options.indexer === true ? ["indexer"] : []),
    ...numbered("kv", names.kv),
    ...numbered("miner", names.miner),
  ];
  const ports = await choosePorts(data, ["chain", ...serving]);
  const urlOf = (name: string) => `http://127.0.0.1:${ports[name]}`;

  const devChain = options.chain === undefined ? await startDevChain(options, ports.chain ?? 0, shutdown) : null;
  const chain = options.chain ?? (await deployed(devChain as DevChain, options));
  onReady("chain", `${chain.rpc}, chain id ${chain.chainId}`);
  onReady("contracts", `DAEntrance ${chain.contracts.DAEntrance}`);

  const redis =
    options.redis !== undefined
      ? { url: options.redis, kind: "given" }
      : await startRedis({ dir: data, cache: CACHE, warn: (sentence) => log.warn(sentence) }).then((running) => {
          shutdown.add("redis", running.stop);
          return running;
        });
  onReady("redis", `${redis.url} (${redis.kind})`);
  const bucket = options.bucket ?? pathToFileURL(join(data, "bucket")).href;
  if (options.bucket === undefined) await mkdir(join(data, "bucket"), { recursive: true });

  const { rpc, chainId, contracts, fromBlock, finality } = chain;
  const network: NetworkJson = {
    ...{ rpc, chainId, contracts, fromBlock, finality },
    ...{ redis: redis.url, bucket, disperser: urlOf("disperser") },
    storageNodes: numbered("storage", names.storage).map(urlOf),
    validators: numbered("validator", names.validator).map(urlOf),
    ...(options.indexer === true && { indexer: urlOf("indexer") }),
    kvNodes: numbered("kv", names.kv).map(urlOf),
    miners: numbered("miner", names.miner).map(urlOf),
    ...(options.mining !== undefined && { mining: options.mining }),
    ...(options.storage !== undefined && { storage: options.storage }),
  };
  const jailed = await enrolAll(data, network, chain, devChain, log);
  onReady("validators", `${names.validator - jailed.length} registered`);
  for (const { message } of jailed) onReady("jail", message);
  if (names.miner > 0) onReady("miners", `${names.miner} funded`);

  const context = await openContext({ network, log, timing: options.timing });
  shutdown.add("context", context.close);
  const workers = new Map<string, Running>();
  for (const name of workersOf(network)) {
    if (options.embed !== undefined && !options.embed.includes(name)) continue;
    workers.set(name, await startWorker(context, data, name));
    // What runs under this name when the network stops: a test may have put another one in its place.
    shutdown.add(name, async () => workers.get(name)?.stop());
  }
  onReady("workers", [...workers.keys()].join(" "));

  await writeNetwork(data, network);
  shutdown.add("network.json", () => removeNetwork(data));
  return { network, context, devChain, workers, stop: () => shutdown.stop().then(() => undefined) };
}

async function startDevChain(options: NetworkOptions, port: number, shutdown: Shutdown): Promise<DevChain> {
  const { data, interval } = options;
  const devChain = await startChain({ port, interval, journal: join(data, "chain.journal") });
  shutdown.add("chain", devChain.close);
  return devChain;
}

async function deployed(devChain: DevChain, { data, finality, parameters }: NetworkOptions): Promise<ExternalChain> {
  return {
    rpc: devChain.url,
    chainId: devChain.chainId,
    contracts: await deployDevnet(devChain, join(data, "deployment"), parameters),
    fromBlock: 0,
    finality: finality ?? DEVNET_FINALITY,
    funder: Wallet.fromPhrase(DEVNET_MNEMONIC).privateKey as Hex,
    allowance: DEVNET_ALLOWANCE,
  };
}

async function enrolAll(
  data: string,
  { rpc, chainId, contracts, validators, miners }: NetworkJson,
  { funder, allowance }: ExternalChain,
  devChain: DevChain | null,
  log: Log,
): Promise<Enrolled["jailed"]> {
  const chain = await openChain({ rpc, chainId, contracts, pollMs: devChain === null ? 1000 : 20, log });
  try {
    const senders = [DISPERSER, ...numbered("miner", miners.length)];
    const workers = await Promise.all(senders.map(async (party) => (await partyKeys(data, party)).wallet));
    const candidates = validators.map(async (socket, id) => ({
      keys: await partyKeys(data, `validator-${id}`),
      socket,
    }));
    const { added, jailed } = await enrol({
      ...{ chain, funder, allowance, workers },
      validators: await Promise.all(candidates),
    });
    if (added > 0 && devChain !== null) await mineUntilCounted(chain, devChain);
    return jailed;
  } finally {
    await chain.close();
  }
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, id) => `${name}-${id}`);
}
