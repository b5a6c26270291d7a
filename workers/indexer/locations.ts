/** Which nodes have a file. They are asked when somebody wants to know; the answer is good for a while. */
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Ask } from "./ask.ts";
import type { Nodes, ShardedNode } from "./nodes.ts";

export interface Locations {
  /** Nodes whose part of the file is complete. */
  of(root: Hex): Promise<ShardedNode[]>;
}

export interface LocationsDeps {
  readonly ask: Ask;
  readonly nodes: Nodes;
  readonly now: () => number;
  /** Files that are asked for at once; each question of a stranger is one to every node. */
  readonly maxAsked?: number;
}

interface Found {
  readonly urls: ReadonlySet<string>;
  readonly until: number;
}

/** What a node has it keeps; what it lacks it may get any moment. */
const FOUND_MS = 10_000;
const PARTLY_MS = 500;
const MAX_KNOWN = 10_000;
const MAX_ASKED = 32;

export const createLocations = ({ ask, nodes, now, maxAsked = MAX_ASKED }: LocationsDeps): Locations => {
  const known = new Map<Hex, Found>();
  const asked = new Map<Hex, Promise<Found>>();

  const find = async (root: Hex): Promise<Found> => {
    const all = nodes.list();
    const have = await Promise.all(all.map(({ url }) => ask.finalized(url, root).catch(() => false)));
    const urls = new Set(all.filter((_, i) => have[i]).map(({ url }) => url));
    const found = { urls, until: now() + (urls.size === all.length ? FOUND_MS : PARTLY_MS) };
    known.delete(root);
    known.set(root, found);
    for (const oldest of known.keys()) if (known.size > MAX_KNOWN) known.delete(oldest);
    return found;
  };

  const lookUp = async (root: Hex): Promise<Found> => {
    const fresh = known.get(root);
    if (fresh !== undefined && fresh.until > now()) return fresh;
    const same = asked.get(root);
    if (same !== undefined) return same;
    if (asked.size >= maxAsked) throw new ZgError("Busy", { asked: asked.size, limit: maxAsked });
    const found = find(root).finally(() => asked.delete(root));
    asked.set(root, found);
    return found;
  };

  return {
    of: async (root) => {
      const { urls } = await lookUp(root);
      return nodes.list().filter(({ url }) => urls.has(url));
    },
  };
};
