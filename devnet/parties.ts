import { join } from "node:path";
import { DEVNET_CHAIN_ID, type NetworkJson } from "../adapters/network.ts";
import { ZgError } from "../protocol/errors.ts";
import type { Context, PartyOptions, Running } from "../workers/context.ts";
import { partyKeys } from "./keys.ts";

/** The disperser side is one party of four workers: one key, one Redis prefix, one bucket. */
export const DISPERSER = "disperser";
const DISPERSER_WORKERS = ["disperser", "encoder", "batcher", "sender"] as const;

/** Whether a worker has work for the KZG threads: the others' processes do without. */
export function computes(name: string): boolean {
  return !["disperser", "sender", "indexer", "kv", "miner"].includes(split(name)[0]);
}

/** Every worker of a network, in the order in which they are started: who is asked before who asks. */
export function workersOf(network: NetworkJson): string[] {
  const numbered = (name: string, urls: readonly string[]) => urls.map((_, id) => `${name}-${id}`);
  return [
    ...numbered("storage", network.storageNodes),
    ...numbered("validator", network.validators),
    ...DISPERSER_WORKERS,
    ...(network.indexer === undefined ? [] : ["indexer"]),
    ...numbered("kv", network.kvNodes),
    ...numbered("miner", network.miners),
  ];
}

/**
 * Starts one worker at its place in the network: its own folder, keys, Redis prefix, and the port that `network.json`
 * gives it. The same for a worker embedded in `up` and for one in a process of its own.
 */
export async function startWorker(context: Context, data: string, name: string): Promise<Running> {
  const { network } = context;
  const [kind, id] = split(name);
  const disperserSide = (DISPERSER_WORKERS as readonly string[]).includes(kind);
  const party = disperserSide ? DISPERSER : name;
  const place: PartyOptions = {
    name: party,
    dir: join(data, party),
    redis: network.redis,
    port: portOf(urlsOf(network, kind)[id]),
  };
  const keys = () => partyKeys(data, party);
  const { bucket } = network;
  // Imported when asked for: a process of one worker loads one worker.
  switch (kind) {
    case "disperser":
      return (await import("../workers/disperser/index.ts")).startDisperser(context, { ...place, bucket });
    case "encoder":
      return (await import("../workers/encoder/index.ts")).startEncoder(context, { ...place, bucket });
    case "batcher":
      return (await import("../workers/batcher/index.ts")).startBatcher(context, {
        ...place,
        bucket,
        wallet: (await keys()).wallet,
      });
    case "sender":
      return (await import("../workers/sender/index.ts")).startSender(context, {
        ...place,
        bucket,
        wallet: (await keys()).wallet,
      });
    case "storage":
      return (await import("../workers/storage/index.ts")).startStorage(context, {
        ...place,
        ...storageOf(network, id),
      });
    case "validator":
      return (await import("../workers/validator/index.ts")).startValidator(context, {
        ...{ ...place, ...(await keys()) },
        // Where gas is worth nothing, so is the comparison with it.
        leastGain: network.chainId === DEVNET_CHAIN_ID ? 0 : 1,
      });
    case "indexer":
      return (await import("../workers/indexer/index.ts")).startIndexer(context, place);
    case "kv":
      return (await import("../workers/kv/index.ts")).startKv(context, place);
    case "miner":
      return (await import("../workers/miner/index.ts")).startMiner(context, {
        ...place,
        wallet: (await keys()).wallet,
        ...miningOf(network, id),
      });
    default:
      throw new ZgError("BadConfig", { field: "worker", name, known: workersOf(network).join(" ") });
  }
}

function split(name: string): [kind: string, id: number] {
  const [, kind = name, id = "0"] = /^(.*)-(\d+)$/.exec(name) ?? [];
  return [kind, Number(id)];
}

function urlsOf(network: NetworkJson, kind: string): readonly (string | undefined)[] {
  const { disperser, storageNodes, validators, indexer, kvNodes, miners } = network;
  const urls = {
    disperser: [disperser],
    storage: storageNodes,
    validator: validators,
    indexer: [indexer],
    kv: kvNodes,
    miner: miners,
  };
  return kind in urls ? urls[kind as keyof typeof urls] : [];
}

/** With fewer shards than nodes, several nodes keep the same shard: that many whole copies. */
function storageOf({ storage }: NetworkJson, id: number) {
  if (storage === undefined) return {};
  const { shards, ...limits } = storage;
  return { shard: { shardId: id % shards, numShard: shards }, ...limits };
}

/** With fewer shards than miners, several seal the same data: each for an id of its own, none gains by the other. */
function miningOf({ mining }: NetworkJson, id: number) {
  if (mining === undefined) return {};
  const { shards, ...limits } = mining;
  return { shard: { shardId: id % shards, numShard: shards }, ...limits };
}

/** 0 for workers that serve nothing. */
function portOf(url: string | undefined): number {
  return url === undefined ? 0 : Number(new URL(url).port);
}
