import Table from "cli-table3";

/** Two columns, drawn for a terminal. */
export function drawTable(rows: readonly (readonly [string, string])[]): string {
  const table = new Table({ style: { head: [], border: [] }, wordWrap: false });
  for (const [name, value] of rows) table.push([name, value]);
  return table.toString();
}
