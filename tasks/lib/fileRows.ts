import type { Chain } from "../../adapters/chain.ts";
import type { FileView } from "../../adapters/node-client.ts";
import { shapeOf } from "../../protocol/file.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type Shard, segmentCountIn } from "../../protocol/shard.ts";
import type { Entry } from "../../workers/chain-entry.ts";
import type { PeerReport } from "../../workers/peers.ts";
import { bytes, integer } from "./format.ts";

export interface FileHolder {
  readonly url: string;
  /** null: it did not answer, or does not know the file. */
  readonly shard: Shard | null;
  readonly finalized: boolean;
  readonly pruned: boolean;
  /** Segments that it holds, of those of its shard. */
  readonly held: number;
  readonly wanted: number;
  /** Why it said nothing about the file. */
  readonly code: string | null;
}

export interface FileReport {
  readonly root: Hex;
  /** Bytes. */
  readonly length: number;
  readonly sectors: number;
  readonly segments: number;
  readonly txSeq: number;
  /** All entries that nodes name for it. */
  readonly entries: readonly number[];
  readonly start: number;
  readonly sender: Hex;
  readonly tags: Hex;
  readonly block: number;
  readonly transactionHash: Hex;
  readonly nodes: readonly FileHolder[];
  /** Until when miners are paid for it, Unix seconds; null: nothing was paid. */
  readonly expires: number | null;
}

/**
 * When the first of the file's pricing chunks has paid out all that was paid for it: after that, keeping it is a
 * courtesy. Later fees into a chunk prolong it for all that lies there.
 */
export async function expiryOf(chain: Pick<Chain, "reward">, { start, sectors }: Entry): Promise<number | null> {
  const perChunk = Number(await chain.reward.sectorsPerPrice());
  const deadlines: number[] = [];
  for (let chunk = Math.floor(start / perChunk); chunk * perChunk < start + sectors; chunk++) {
    deadlines.push(Number(await chain.reward.rewardDeadline(chunk)));
  }
  const first = Math.min(...deadlines);
  return first === 0 ? null : first;
}

export interface ReportParts {
  readonly entry: Entry;
  readonly views: readonly { readonly url: string; readonly value: FileView }[];
  readonly urls: readonly string[];
  readonly expiry: number | null;
  readonly reports: readonly PeerReport[];
}

export function fileReport({ entry, views, urls, expiry, reports }: ReportParts): FileReport {
  const { root, length, start, sectors, txSeq, sender, tags, block, transactionHash } = entry;
  const { segments } = shapeOf(length);
  const viewOf = new Map(views.map(({ url, value }) => [url.replace(/\/+$/, ""), value]));
  const nodes = urls.map((url): FileHolder => {
    const view = viewOf.get(url.replace(/\/+$/, ""));
    const report = reports.find((peer) => peer.url === url.replace(/\/+$/, ""));
    if (view === undefined) {
      const code = Object.keys(report?.codes ?? {}).at(-1) ?? null;
      return { url, shard: null, finalized: false, pruned: false, held: 0, wanted: 0, code };
    }
    const { shard, finalized, pruned, uploaded } = view;
    return {
      url,
      shard,
      finalized,
      pruned,
      held: uploaded,
      wanted: segmentCountIn(shard, start, segments),
      code: null,
    };
  });
  const entries = [...new Set(views.flatMap(({ value }) => value.entries))].sort((a, b) => a - b);
  return {
    ...{ root, length, sectors, segments, txSeq, entries, start, sender, tags },
    ...{ block: block.number, transactionHash, nodes, expires: expiry },
  };
}

/** Name and value of each line of `file`. Pure. */
export function fileRows(report: FileReport): [string, string][] {
  const { root, length, sectors, segments, txSeq, entries, start, sender, tags, block, transactionHash } = report;
  const others = entries.filter((entry) => entry !== txSeq);
  return [
    ["root", root],
    [
      "size",
      `${bytes(length)} (${integer(length)} bytes) in ${plural(segments, "segment")}, ${plural(sectors, "sector")}`,
    ],
    ["entry", `${integer(txSeq)} in block ${integer(block)}, from sector ${integer(start)}`],
    ...(others.length === 0 ? [] : [["also", `entries ${others.map(integer).join(", ")}`] as [string, string]]),
    ["transaction", transactionHash],
    ["sender", sender],
    ["tags", tags === "0x" ? "–" : tags],
    ...report.nodes.map((node): [string, string] => ["node", `${node.url}  ${holding(node)}`]),
    ["expires", report.expires === null ? "nothing was paid" : new Date(report.expires * 1000).toISOString()],
  ];
}

function holding({ shard, finalized, pruned, held, wanted, code }: FileHolder): string {
  if (shard === null) return code === "UnknownFile" ? "does not know it" : (code ?? "no answer");
  const of = `shard ${shard.shardId} of ${shard.numShard}`;
  if (wanted === 0) return `${of}, which has none of its segments`;
  const has = finalized ? "has all" : `has ${integer(held)}`;
  return `${of}, ${has} of ${plural(wanted, "segment")}${pruned ? ", others pruned" : ""}`;
}

const plural = (count: number, what: string): string => `${integer(count)} ${what}${count === 1 ? "" : "s"}`;
