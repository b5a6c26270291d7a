/** What is known of each peer: what it holds, what it lacks, how it answered. Decides whom to ask; asks nobody. */
import type { HttpClient } from "../adapters/http-client.ts";
import type { Log } from "../adapters/log.ts";
import { type NodeClient, nodeClient } from "../adapters/node-client.ts";
import type { ErrorCode, ZgError } from "../protocol/errors.ts";
import type { Shard } from "../protocol/shard.ts";

export interface PeerReport {
  readonly url: string;
  /** Answers that a check refuted; after the first the peer is asked no more. */
  readonly lied: number;
  /** Answers that were late, or never came. */
  readonly slow: number;
  /** Error codes and how often each came. */
  readonly codes: Readonly<Record<string, number>>;
}

export interface Peer {
  readonly node: NodeClient;
  /** Requests in flight, and since the start. */
  busy: number;
  asked: number;
  lied: number;
  slow: number;
  /** Failures since the last answer, and when it is asked again before the others have failed. */
  strikes: number;
  restUntil: number;
  readonly codes: Record<string, number>;
  /** Undefined: it may hold anything. */
  shard: Shard | undefined;
  shardAskedAt: number;
  learning: Promise<void> | undefined;
  /** What it said it has not got, and until when that is believed. */
  readonly lacks: Map<string, number>;
}

/** What is wanted, as far as it matters to whom to ask. */
export interface Wanted {
  /** For the log: "segment 7 of 0x…". */
  readonly what: string;
  /** Who has not got it is asked last for everything under this name, for a while. */
  readonly about: string;
  /** Whether a peer of this shard should have it; default: any. */
  readonly heldBy?: (shard: Shard) => boolean;
}

const LACK_MS = 5_000;
const MAX_LACKS = 1_024;
const FIRST_REST_MS = 500;
const MAX_REST_MS = 60_000;

/** Honest, and of no use: the peer has not got it. */
const LACKING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["UnknownFile", "UnknownEntry", "NotStored", "NotInShard", "Pruned", "CorruptObject"] as const),
  ...(["UnknownBatch", "NotStaged", "NotFound", "BatchNotOpen", "AwaitingData"] as const),
]);
/** What only an answer can be that is not the one asked for. A peer's own words, whatever they are, refute nothing. */
const REFUTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["BadResponse", "LengthMismatch", "BadProof", "PaddingNotEmpty", "SegmentRootMismatch"] as const),
  ...(["MetadataRootMismatch", "CellPathMismatch", "MalformedHex"] as const),
]);

/** Neither does a connection that broke, or the word of something that is no node. */
export const isLie = ({ code, fields }: ZgError): boolean =>
  REFUTED.has(code) && !(code === "BadResponse" && (fields.why === "cut short" || fields.status !== undefined));

export interface Book {
  /** Peers that have not lied. */
  live(): Peer[];
  /** The least busy peer of the best rank; undefined while it has no hand free. `urgent`: any that has one. */
  choose(among: ReadonlySet<Peer>, wanted: Wanted, urgent: boolean): Peer | undefined;
  answered(peer: Peer): void;
  failed(peer: Peer, error: ZgError, wanted: Wanted): void;
  /** It has not answered in time; it still may. */
  late(peer: Peer): void;
  report(): PeerReport[];
}

export interface BookOptions {
  readonly client: HttpClient;
  readonly urls: readonly string[];
  readonly log: Log;
  readonly maxPerPeer: number;
  readonly now: () => number;
}

export const openBook = ({ client, urls, log, maxPerPeer, now }: BookOptions): Book => {
  const peers = [...new Set(urls)].map((url): Peer => {
    const counts = { busy: 0, asked: 0, lied: 0, slow: 0, strikes: 0, restUntil: 0, codes: {}, lacks: new Map() };
    const shard = { shard: undefined, shardAskedAt: Number.NEGATIVE_INFINITY, learning: undefined };
    return { node: nodeClient(client, url), ...counts, ...shard };
  });

  /** Lower is better; peers of one rank share the work. */
  const rankOf = (peer: Peer, { about, heldBy }: Wanted): number => {
    const misfit = peer.shard !== undefined && heldBy !== undefined && !heldBy(peer.shard);
    const lacks = (peer.lacks.get(about) ?? Number.NEGATIVE_INFINITY) > now();
    return (misfit ? 4 : 0) + (lacks ? 2 : 0) + (peer.restUntil > now() ? 1 : 0);
  };

  const rest = (peer: Peer): void => {
    peer.strikes += 1;
    peer.restUntil = now() + Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** (peer.strikes - 1));
  };

  return {
    live: () => peers.filter(({ lied }) => lied === 0),
    choose: (among, wanted, urgent) => {
      const free = urgent ? [...among].filter(({ busy }) => busy < maxPerPeer) : [...among];
      const ranked = free.map((peer) => ({ peer, rank: rankOf(peer, wanted) }));
      ranked.sort((a, b) => a.rank - b.rank || a.peer.busy - b.peer.busy || a.peer.asked - b.peer.asked);
      const best = ranked[0]?.peer;
      return best !== undefined && best.busy < maxPerPeer ? best : undefined;
    },
    answered: (peer) => {
      peer.strikes = 0;
      peer.restUntil = 0;
    },
    failed: (peer, error, { what, about }) => {
      const { url } = peer.node;
      peer.codes[error.code] = (peer.codes[error.code] ?? 0) + 1;
      if (isLie(error)) {
        peer.lied += 1;
        log.warn({ peer: url, what, code: error.code, fields: error.fields }, "a peer lied: it is asked no more");
      } else if (LACKING.has(error.code)) {
        // Its shard is not what it was.
        if (error.code === "NotInShard") peer.shardAskedAt = Number.NEGATIVE_INFINITY;
        peer.lacks.delete(about);
        peer.lacks.set(about, now() + LACK_MS);
        if (peer.lacks.size > MAX_LACKS) peer.lacks.delete(peer.lacks.keys().next().value ?? about);
      } else {
        rest(peer);
        log.debug({ peer: url, what, code: error.code }, "a peer gave no answer");
      }
    },
    late: (peer) => {
      peer.slow += 1;
      rest(peer);
    },
    report: () => peers.map(({ node, lied, slow, codes }) => ({ url: node.url, lied, slow, codes: { ...codes } })),
  };
};

/** What says most about where the thing is; of peers in trouble one may have it, of those that lied none. */
const TELLING: readonly ErrorCode[] = ["NotStored", "NotStaged", "CorruptObject", "Pruned", "NotInShard"];
const weight = (error: ZgError): number => {
  if (isLie(error)) return 0;
  if (!LACKING.has(error.code)) return TELLING.length + 2;
  return TELLING.includes(error.code) ? TELLING.length + 1 - TELLING.indexOf(error.code) : 1;
};

/** Of the reasons why none of the peers had it, the one that the caller is told. */
export const mostTelling = (errors: readonly ZgError[]): ZgError | undefined =>
  [...errors].sort((a, b) => weight(b) - weight(a))[0];
