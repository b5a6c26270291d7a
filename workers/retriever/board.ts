import { COLUMNS, DATA_COLUMNS } from "../../protocol/params.ts";

/** A run of rows of one blob, `from` inclusive, `to` exclusive. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Which cells of a blob are proved so far. Bookkeeping only: a cell counts once its merkle path has been checked, and
 * a row is decodable from any 64 of its 128 cells.
 */
export interface Board {
  readonly rows: number;
  /** Marks rows of a column as proved. */
  add(column: number, range: RowRange): void;
  /** The smallest range that holds every row which lacks this column and is not yet decodable; null if there is none. */
  wanted(column: number): RowRange | null;
  /** Rows that are not decodable yet, ascending. */
  poor(): number[];
  /** How many more columns the poorest row needs. */
  need(): number;
  /** Could every row still reach 64 cells if all of `columns` came? */
  possible(columns: Iterable<number>): boolean;
  /** Proved cells of the poorest row. */
  fewest(): number;
}

export function createBoard(rows: number): Board {
  const proved = new Uint8Array(rows * COLUMNS);
  const counts = new Uint8Array(rows);
  const fewest = (): number => counts.reduce((least, count) => Math.min(least, count), COLUMNS);
  const lacks = (row: number, column: number): boolean => proved[row * COLUMNS + column] === 0;
  const open = (row: number, column: number): boolean => (counts[row] as number) < DATA_COLUMNS && lacks(row, column);
  return {
    rows,
    fewest,
    add: (column, { from, to }) => {
      for (let row = from; row < to; row++) {
        if (!lacks(row, column)) continue;
        proved[row * COLUMNS + column] = 1;
        counts[row] = (counts[row] as number) + 1;
      }
    },
    wanted: (column) => {
      let from = 0;
      while (from < rows && !open(from, column)) from++;
      if (from === rows) return null;
      let to = rows;
      while (!open(to - 1, column)) to--;
      return { from, to };
    },
    poor: () => Array.from(counts.keys()).filter((row) => (counts[row] as number) < DATA_COLUMNS),
    need: () => Math.max(0, DATA_COLUMNS - fewest()),
    possible: (columns) => {
      const hope = Uint8Array.from(counts);
      for (const column of columns) {
        for (let row = 0; row < rows; row++) if (lacks(row, column)) hope[row] = (hope[row] as number) + 1;
      }
      return hope.every((count) => count >= DATA_COLUMNS);
    },
  };
}
