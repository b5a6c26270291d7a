import Table from "cli-table3";

/** Two columns, drawn for a terminal. */
export function drawTable(rows: readonly (readonly [string, string])[]): string {
  const table = new Table({
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    style: { head: [], border: [] },
  });
  for (const [name, value] of rows) table.push([name, value]);
  return table.toString();
}

/** Columns with a head. */
export function drawRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    style: { head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
