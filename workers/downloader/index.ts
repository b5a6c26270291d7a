import type { Chain } from "../../adapters/chain.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodeManifest, isManifest, MAX_MANIFEST_BYTES, type ManifestFile } from "../../protocol/manifest.ts";
import type { Entry } from "../chain-entry.ts";
import { openPeers, type PeerReport, type Peers } from "../peers.ts";
import { fetchFile } from "./file.ts";
import { restore } from "./folder.ts";
import { locate } from "./locate.ts";

export { type Located, locate } from "./locate.ts";

export type DownloadProgress =
  | { readonly stage: "located"; readonly entry: Entry; readonly files: number | null }
  | { readonly stage: "bytes"; readonly bytes: number; readonly total: number };

export interface DownloadOptions {
  readonly root: Hex;
  /** Where one root is given to files of several lengths. */
  readonly length?: number;
  readonly path: string;
  /** A manifest is written as the file that it is, and not followed. */
  readonly raw?: boolean;
  readonly chain: Pick<Chain, "logs" | "logsOf" | "decode" | "addresses" | "flow">;
  readonly client: HttpClient;
  readonly urls: readonly string[];
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly patienceMs?: number;
}

export interface Downloaded {
  readonly entry: Entry;
  /** Of a folder. */
  readonly files?: readonly ManifestFile[];
  /** Written, or found to be there already. */
  readonly bytes: number;
  readonly peers: readonly PeerReport[];
  /** Nodes that named an entry which the chain does not have. */
  readonly liars: readonly string[];
}

/** Segments on their way at once: of one file, and of each of a folder's. */
const PARALLEL = 16;
const PARALLEL_IN_FOLDER = 4;
const FILES_AT_ONCE = 4;
const PER_PEER = 8;

/** A file, or a folder whose manifest the root names; goes on where the last run with this path ended. */
export const download = async (options: DownloadOptions): Promise<Downloaded> => {
  const { root, length, path, raw = false, chain, client, urls, log, signal, onProgress, patienceMs } = options;
  const peers = openPeers({ client, urls, log, maxPerPeer: PER_PEER });
  try {
    const { entry, liars } = await locate({ peers, chain }, root, length, signal);
    const { start } = entry;
    const manifest = raw ? undefined : await manifestOf(peers, entry, signal);
    onProgress?.({ stage: "located", entry, files: manifest?.length ?? null });
    let bytes = 0;
    const total = manifest === undefined ? entry.length : manifest.reduce((sum, file) => sum + file.length, 0);
    const onBytes = (more: number): void => {
      bytes += more;
      onProgress?.({ stage: "bytes", bytes, total });
    };
    if (manifest === undefined) {
      const file = { root, length: entry.length, start };
      await fetchFile({ peers, file, path, part: `${path}.part`, parallel: PARALLEL, signal, onBytes, patienceMs });
    } else {
      await restore({
        ...{ files: manifest, root, folder: path, atOnce: FILES_AT_ONCE, signal, onHeld: onBytes },
        fetch: async (file, paths, either) => {
          // Where it lies only decides whom to ask first: a claim is enough.
          const view = await peers.file(file.root, file.length, either);
          const placed = { ...file, start: view?.start ?? null };
          await fetchFile({
            peers,
            file: placed,
            ...paths,
            parallel: PARALLEL_IN_FOLDER,
            signal: either,
            onBytes,
            patienceMs,
          });
        },
      });
    }
    return { entry, ...(manifest !== undefined && { files: manifest }), bytes, peers: peers.report(), liars };
  } catch (error) {
    throw named(error, peers.report());
  }
};

/** undefined: a file like any other. */
const manifestOf = async (
  peers: Peers,
  { root, length, start }: Entry,
  signal: AbortSignal,
): Promise<readonly ManifestFile[] | undefined> => {
  if (length > MAX_MANIFEST_BYTES) return undefined;
  const file = { root, length, start };
  const roots = await peers.roots(file, signal);
  const first = await peers.segment(file, 0, roots, signal);
  if (!isManifest(first.subarray(0, Math.min(length, first.length)))) return undefined;
  const bytes = Buffer.alloc(length);
  let at = 0;
  for await (const piece of peers.read(file, signal)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return decodeManifest(bytes);
};

/** A download that failed names who lied, too. */
const named = (error: unknown, peers: readonly PeerReport[]): unknown => {
  const liars = peers.filter(({ lied }) => lied > 0).map(({ url }) => url);
  if (!(error instanceof ZgError) || liars.length === 0) return error;
  return new ZgError(error.code, { ...error.fields, liars: liars.join(", ") }, { cause: error });
};
