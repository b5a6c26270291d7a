import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../adapters/errors.ts";
import { replaceFile } from "../../adapters/files.ts";
import { parseJson } from "../../adapters/json.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import { SECTOR_BYTES } from "../../protocol/params.ts";

const Layout = z.object({
  storageNodes: z.int().min(1).max(64),
  shards: z.int().positive(),
  /** GiB; 0: as much as comes. */
  quota: z.int().nonnegative(),
  // Absent in folders that are older than the miners.
  miners: z.int().min(0).max(64).default(1),
  minerShards: z.int().positive().default(1),
});
type Layout = z.infer<typeof Layout>;

const FILE = "layout.json";
const NEW: Layout = { storageNodes: 2, shards: 1, quota: 0, miners: 1, minerShards: 1 };
const SECTORS_PER_GIB = 2 ** 30 / SECTOR_BYTES;

/** Of miners none is an answer, too. */
const NOT_ASKED = -1;

export interface NetworkLayout {
  readonly storageNodes: number;
  readonly storage: NonNullable<NetworkJson["storage"]>;
  readonly miners: number;
  readonly minerShards: number;
  /** Writes it down for the next start: when the network runs, and the folder is surely ours. */
  readonly keep: () => Promise<void>;
}

/**
 * How many storage nodes and miners a folder's network has and how they divide the log: as asked for (0, of miners −1:
 * not asked), else as it was at the last start. A node keeps the shard that it began with, so a start that forgot the
 * others would hide their data.
 */
export async function layoutOf(data: string, asked: Layout): Promise<NetworkLayout> {
  const path = join(data, FILE);
  const known = await readFile(path, "utf8").then(
    (text) => Layout.parse(parseJson(text)),
    (error: unknown) => {
      if (errnoOf(error) === "ENOENT") return NEW;
      throw error;
    },
  );
  const parsed = Layout.safeParse({
    storageNodes: asked.storageNodes || known.storageNodes,
    shards: asked.shards || known.shards,
    quota: asked.quota || known.quota,
    miners: asked.miners === NOT_ASKED ? known.miners : asked.miners,
    minerShards: asked.minerShards || known.minerShards,
  });
  if (!parsed.success)
    throw new ZgError("BadConfig", {
      ...asked,
      why: "1 to 64 storage nodes, up to 64 miners, and no negative numbers",
    });
  const { storageNodes, shards, quota, miners, minerShards } = parsed.data;
  if (!isPower(shards) || shards > storageNodes) {
    const why = "a power of two, and not more than there are storage nodes";
    throw new ZgError("BadConfig", { field: "--shards", shards, storageNodes, why });
  }
  if (!isPower(minerShards)) {
    throw new ZgError("BadConfig", { field: "--miner-shards", minerShards, why: "a power of two" });
  }
  return {
    storageNodes,
    storage: { shards, ...(quota > 0 && { quotaSectors: quota * SECTORS_PER_GIB }) },
    ...{ miners, minerShards },
    keep: () => replaceFile(path, `${JSON.stringify(parsed.data)}\n`),
  };
}

const isPower = (count: number): boolean => Number.isInteger(Math.log2(count));
