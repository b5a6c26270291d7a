import { COLUMNS } from "../../protocol/params.ts";
import type { Board } from "./board.ts";
import type { Source } from "./source.ts";

export interface Attempt {
  readonly column: number;
  readonly source: Source;
}

/** Which (column, source) to ask next. Holds no promises and no clock: the loop in fetch.ts tells it what happened. */
export interface Candidates {
  /** The best attempt not yet made, the systematic half first; null if none is left or every useful one is open. */
  next(): Attempt | null;
  /** The answer is overdue: its column may be asked elsewhere, the answer may still win. */
  late(attempt: Attempt): void;
  ended(attempt: Attempt, proved: boolean): void;
  /** The source has no whole column of this blob: it is asked for none. */
  retire(source: Source): void;
  /** Attempts that are open and not overdue. */
  active(): number;
  /** Columns that could still come: open, or with a source that was not asked. */
  hopeful(): Iterable<number>;
}

export interface Holder {
  readonly source: Source;
  /** null = may hold any column. */
  readonly columns: ReadonlySet<number> | null;
}

export function createCandidates(board: Board, holders: readonly Holder[]): Candidates {
  const untried = Array.from({ length: COLUMNS }, (_, column) => {
    const holding = holders.filter(({ columns }) => columns === null || columns.has(column));
    // Another first choice for each column spreads the load over equal sources.
    const nodes = rotate(
      holding.filter(({ source }) => source.kind === "node").map(({ source }) => source),
      column,
    );
    const others = rotate(
      holding.filter(({ source }) => source.kind !== "node").map(({ source }) => source),
      column,
    );
    return new Set([...nodes, ...others]);
  });
  const open = new Map<number, Set<Attempt>>();
  const overdue = new Set<Attempt>();
  const strikes = new Map<Source, number>();
  const busy = new Map<Source, number>();
  const strike = (source: Source, by: number): void => {
    strikes.set(source, Math.max(0, (strikes.get(source) ?? 0) + by));
  };
  const count = (source: Source, by: number): void => {
    busy.set(source, (busy.get(source) ?? 0) + by);
  };
  const isOpen = (column: number): boolean => {
    for (const attempt of open.get(column) ?? []) if (!overdue.has(attempt)) return true;
    return false;
  };
  /** Fewest strikes first, then the least busy; the set's own order decides between equals. */
  const choose = (column: number): Source | null => {
    let best: Source | null = null;
    let cost = Number.POSITIVE_INFINITY;
    for (const source of untried[column] as Set<Source>) {
      // A node that only answers for its own reputation comes before a validator, unless it has earned its strikes.
      const own = (strikes.get(source) ?? 0) * 1_000 + (source.kind === "node" ? 0 : 1_500) + (busy.get(source) ?? 0);
      if (own < cost) {
        best = source;
        cost = own;
      }
    }
    return best;
  };
  let active = 0;
  return {
    active: () => active,
    next: () => {
      for (let column = 0; column < COLUMNS; column++) {
        if (untried[column]?.size === 0 || isOpen(column) || board.wanted(column) === null) continue;
        const source = choose(column);
        if (source === null) continue;
        untried[column]?.delete(source);
        const attempt = { column, source };
        open.set(column, (open.get(column) ?? new Set()).add(attempt));
        count(source, 1);
        active += 1;
        return attempt;
      }
      return null;
    },
    late: (attempt) => {
      if (overdue.has(attempt) || !open.get(attempt.column)?.has(attempt)) return;
      overdue.add(attempt);
      active -= 1;
      strike(attempt.source, 1);
    },
    ended: (attempt, proved) => {
      if (!open.get(attempt.column)?.delete(attempt)) return;
      if (!overdue.delete(attempt)) active -= 1;
      count(attempt.source, -1);
      strike(attempt.source, proved ? -1 : 1);
    },
    retire: (source) => {
      for (const sources of untried) sources.delete(source);
    },
    hopeful: function* () {
      for (let column = 0; column < COLUMNS; column++) {
        if ((untried[column]?.size ?? 0) > 0 || (open.get(column)?.size ?? 0) > 0) yield column;
      }
    },
  };
}

function rotate<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
