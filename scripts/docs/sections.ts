/** Parts of the documents that are written by a program: between `<!-- name -->` and `<!-- /name -->`. */
export function sectionOf(text: string, name: string): string {
  const { start, end } = bounds(text, name);
  return text.slice(start, end);
}

export function withSection(text: string, name: string, content: string): string {
  const { start, end } = bounds(text, name);
  return text.slice(0, start) + content + text.slice(end);
}

function bounds(text: string, name: string): { start: number; end: number } {
  const open = `<!-- ${name} -->\n`;
  const start = text.indexOf(open);
  const end = text.indexOf(`<!-- /${name} -->`);
  if (start < 0 || end < start) throw new Error(`the document has no section ${name}`);
  return { start: start + open.length, end };
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}
