/** network.json: where the parts of a running network are, and whether they still are what the file says. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import { errnoOf, messageOf } from "./errors.ts";
import { parseJson } from "./json.ts";
import { openRpc } from "./rpc.ts";

/** Hardhat's: a chain where gas is worth nothing and the money is well known. */
export const DEVNET_CHAIN_ID = 31_337;

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((value) => value as Hex);

export const networkSchema = z.object({
  rpc: z.url(),
  chainId: z.int().positive(),
  contracts: z.object({
    Flow: address,
    FixedPrice: address,
    ChunkLinearReward: address,
    PoraMine: address,
    DASigners: address,
    DASampling: address,
    DAChallenge: address,
    DAEntrance: address,
    CellVerifier: address,
  }),
  /** Block of the deployment: followers begin here. */
  fromBlock: z.int().nonnegative().default(0),
  /** The chain's own tag, or a depth in blocks where the tag is not to be trusted (the devnet has finalized = latest). */
  finality: z.union([z.literal("finalized"), z.int().nonnegative()]).default("finalized"),
  redis: z.string(),
  bucket: z.string(),
  disperser: z.url(),
  storageNodes: z.array(z.url()),
  validators: z.array(z.url()),
  /** Tells clients which storage nodes there are, and which hold a file. */
  indexer: z.url().optional(),
  /** Nodes of the key-value layer. */
  kvNodes: z.array(z.url()).default([]),
  /** Where miners say how they are doing. */
  miners: z.array(z.url()).default([]),
  /** How miners work: miner i seals and mines shard i mod `shards`. */
  mining: z
    .object({
      shards: z.int().positive(),
      /** Of one core, while a window is open. */
      share: z.number().gt(0).max(1),
      /** Wei earned for a wei of gas, below which an answer is not sent. 0: ether is worth nothing here. */
      leastGain: z.number().nonnegative(),
    })
    .optional(),
  /** What each storage node begins with: node i keeps shard i mod `shards`. */
  storage: z
    .object({
      shards: z.int().positive(),
      /** Sectors of 256 bytes that a node keeps before it halves its shard; absent: as many as come. */
      quotaSectors: z.int().positive().optional(),
      /** How fast a node fetches what it lacks from others; absent: as fast as they give. */
      syncBytesPerSecond: z.int().positive().optional(),
    })
    .optional(),
});

export type NetworkJson = z.infer<typeof networkSchema>;
export type Contracts = NetworkJson["contracts"];

const FILE = "network.json";

/** `NoNetwork` when the folder has none. */
export const readNetwork = async (data: string): Promise<NetworkJson> => {
  const path = join(data, FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw new ZgError("NoNetwork", { data });
    throw error;
  }
  const parsed = networkSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new ZgError("StaleNetwork", { path, why: z.prettifyError(parsed.error).slice(0, 300) });
  return parsed.data;
};

/** Whole or not at all: readers never see half a file. */
export const writeNetwork = async (data: string, network: NetworkJson): Promise<void> => {
  const path = join(data, FILE);
  const temporary = `${path}.${process.pid}`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(network, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
};

export const removeNetwork = (data: string): Promise<void> => rm(join(data, FILE), { force: true });

/** Does the RPC answer, with this chain id, with code at every address? Otherwise `StaleNetwork` says what is wrong. */
export const checkNetwork = async (network: NetworkJson): Promise<void> => {
  const rpc = openRpc({ url: network.rpc, timeoutMs: 3_000 });
  try {
    await proveChain(rpc, network);
  } catch (error) {
    const why = error instanceof ZgError ? error.code : messageOf(error);
    const fields = error instanceof ZgError ? error.fields : {};
    throw new ZgError("StaleNetwork", { ...fields, rpc: network.rpc, why }, { cause: error });
  } finally {
    rpc.close();
  }
};

/** The start-up proof of everything that talks to the chain: `ChainUnreachable`, `WrongChain` or `NoCode`. */
export const proveChain = async (
  rpc: { call(method: string, params: readonly unknown[]): Promise<unknown> },
  { chainId, contracts }: Pick<NetworkJson, "chainId" | "contracts">,
): Promise<void> => {
  const actual = Number(await rpc.call("eth_chainId", []));
  if (actual !== chainId) throw new ZgError("WrongChain", { expected: chainId, actual });
  for (const [contract, at] of Object.entries(contracts)) {
    const code = await rpc.call("eth_getCode", [at, "latest"]);
    if (typeof code !== "string" || code.length <= 2) throw new ZgError("NoCode", { contract, address: at });
  }
};
