import { ZgError } from "./errors.ts";
import { SECTORS_PER_SEGMENT } from "./params.ts";

/** What a storage node holds: the segments of the log whose place ≡ shardId mod numShard. numShard is a power of two. */
export interface Shard {
  readonly shardId: number;
  readonly numShard: number;
}

export const WHOLE_LOG: Shard = { shardId: 0, numShard: 1 };
/** 0G's contracts pay for 256 at most; this bounds what a stranger's answer can make us compute. */
export const MAX_SHARDS = 2 ** 30;

export function isShard(value: unknown): value is Shard {
  const { shardId, numShard } = (value ?? {}) as Partial<Record<"shardId" | "numShard", unknown>>;
  if (!Number.isInteger(shardId) || !Number.isInteger(numShard)) return false;
  const [id, count] = [Number(shardId), Number(numShard)];
  return count >= 1 && count <= MAX_SHARDS && (count & (count - 1)) === 0 && id >= 0 && id < count;
}

/** Is segment `segment` of the log (not of a file) in the shard? */
export function holds(shard: Shard, segment: number): boolean {
  return segment % shard.numShard === shard.shardId;
}

/** The segment of the log that segment `index` of a file is, whose entry starts at sector `start`. */
export function segmentInLog(start: number, index: number): number {
  return Math.floor(start / SECTORS_PER_SEGMENT) + index;
}

/**
 * Which of a file's segments are in the shard, ascending and counted from the file's first.
 *
 * @param start sector of the log at which the entry starts
 * @param count segments of the file
 */
export function* segmentsOf(shard: Shard, start: number, count: number): Generator<number, void, undefined> {
  for (let index = firstIn(shard, start, 0); index < count; index += shard.numShard) yield index;
}

/** How many `segmentsOf` would give. */
export function segmentCountIn(shard: Shard, start: number, count: number): number {
  const first = firstIn(shard, start, 0);
  return first >= count ? 0 : Math.floor((count - 1 - first) / shard.numShard) + 1;
}

/** The first segment of a file at or after `from` that is in the shard; it may lie beyond the file's end. */
export function firstIn(shard: Shard, start: number, from: number): number {
  const { shardId, numShard } = shard;
  const place = segmentInLog(start, from) % numShard;
  return from + ((shardId - place + numShard) % numShard);
}

/** Is there a segment of the log that both hold? The ids agree in the bits that both of them look at. */
export function overlaps(a: Shard, b: Shard): boolean {
  const common = Math.min(a.numShard, b.numShard);
  return a.shardId % common === b.shardId % common;
}

/** Is everything that `inner` holds held by `outer`? */
export function covers(outer: Shard, inner: Shard): boolean {
  return inner.numShard >= outer.numShard && inner.shardId % outer.numShard === outer.shardId;
}

/** The two shards that a node chooses from when it has to give up one half. */
export function halves(shard: Shard): readonly [Shard, Shard] {
  const { shardId, numShard } = shard;
  if (2 * numShard > MAX_SHARDS) throw new ZgError("QuotaExceeded", { numShard });
  return [
    { shardId, numShard: 2 * numShard },
    { shardId: shardId + numShard, numShard: 2 * numShard },
  ];
}

/** min: large shards first, so few nodes · max: small shards first, so much in parallel · given: as the caller has them. */
export type ReplicaOrder = "min" | "max" | "given";

/** Of the residues that a shard stands for: how many whole copies the chosen hold, and what was chosen below. */
interface Cover {
  copies: number;
  halves: readonly [Cover, Cover] | undefined;
}

/**
 * Nodes that together hold `replicas` whole copies of the log, taken one after the other if they bring a copy nearer,
 * as 0G's clients choose (`selectNodes`). undefined: all together do not hold as many.
 */
export function chooseReplicas<Node extends { readonly shard: Shard }>(
  nodes: readonly Node[],
  replicas: number,
  order: ReplicaOrder = "min",
): Node[] | undefined {
  if (!Number.isInteger(replicas) || replicas < 1) throw new ZgError("BadRequest", { replicas });
  const candidates = nodes.filter((node) => isShard(node.shard));
  if (order !== "given") candidates.sort((a, b) => bySize(a.shard, b.shard, order === "min" ? 1 : -1));
  const root: Cover = { copies: 0, halves: undefined };
  const chosen: Node[] = [];
  for (const node of candidates) {
    if (root.copies >= replicas) break;
    if (cover(root, node.shard, replicas)) chosen.push(node);
  }
  return root.copies >= replicas ? chosen : undefined;
}

function bySize(a: Shard, b: Shard, sign: number): number {
  return a.numShard === b.numShard ? a.shardId - b.shardId : sign * (a.numShard - b.numShard);
}

/** Adds a shard, given relative to what `at` stands for, unless enough copies of that are chosen already. */
function cover(at: Cover, { shardId, numShard }: Shard, replicas: number): boolean {
  if (at.copies >= replicas) return false;
  if (numShard === 1) {
    addCopy(at);
    return true;
  }
  at.halves ??= [
    { copies: at.copies, halves: undefined },
    { copies: at.copies, halves: undefined },
  ];
  const [even, odd] = at.halves;
  const added = cover(
    shardId % 2 === 0 ? even : odd,
    { shardId: Math.floor(shardId / 2), numShard: numShard / 2 },
    replicas,
  );
  at.copies = Math.min(even.copies, odd.copies);
  return added;
}

function addCopy(at: Cover): void {
  at.copies++;
  at.halves?.forEach(addCopy);
}
