/** Plots as SVG, drawn by hand: the same numbers give the same bytes. */

export interface Axis {
  readonly label: string;
  readonly ticks: readonly number[];
  /** Default: linear. The first and the last tick are the ends. */
  readonly log?: boolean;
  readonly format?: (value: number) => string;
}

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Dots, with a bar of so much up and down; a line otherwise. */
  readonly bars?: readonly number[];
  readonly dashed?: boolean;
}

const [WIDTH, HEIGHT] = [720, 440];
const AREA = { left: 72, right: 704, top: 44, bottom: 384 };
const FONT = 'font-family="sans-serif" font-size="13"';

/** @param legend where no curve goes: from the left end, or from the lower right corner up */
export function plot(
  title: string,
  x: Axis,
  y: Axis,
  series: readonly Series[],
  legend: "left" | "right" = "left",
): string {
  const [legendX, legendY] =
    legend === "left" ? [AREA.left + 14, AREA.top + 14] : [AREA.right - 350, AREA.bottom - 20 * series.length];
  const atX = scale(x, AREA.left, AREA.right);
  const atY = scale(y, AREA.bottom, AREA.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 22, title, 'text-anchor="middle" font-weight="bold"'),
    ...x.ticks.flatMap((tick) => [
      line(atX(tick), AREA.top, atX(tick), AREA.bottom, "#e4e4e4"),
      text(atX(tick), AREA.bottom + 18, label(x, tick), 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(AREA.left, atY(tick), AREA.right, atY(tick), "#e4e4e4"),
      text(AREA.left - 8, atY(tick) + 4, label(y, tick), 'text-anchor="end"'),
    ]),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 42, x.label, 'text-anchor="middle"'),
    text(16, (AREA.top + AREA.bottom) / 2, y.label, `text-anchor="middle" ${turned(16)}`),
    ...series.flatMap((one) => drawn(one, atX, atY)),
    ...series.flatMap(({ name, color }, i) => [
      `<rect x="${legendX}" y="${legendY - 4 + i * 20}" width="12" height="4" fill="${color}"/>`,
      text(legendX + 18, legendY + 3 + i * 20, name),
    ]),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function drawn({ points, color, bars, dashed }: Series, atX: Scale, atY: Scale): string[] {
  if (bars === undefined) {
    const path = points.map(([px, py]) => `${fixed(atX(px))},${fixed(atY(py))}`).join(" ");
    const dashes = dashed === true ? ' stroke-dasharray="6 4"' : "";
    return [`<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`];
  }
  return points.flatMap(([px, py], i) => {
    const bar = bars[i] ?? 0;
    const dot = `<circle cx="${fixed(atX(px))}" cy="${fixed(atY(py))}" r="2.5" fill="${color}"/>`;
    return [line(atX(px), atY(py - bar), atX(px), atY(py + bar), color), dot];
  });
}

type Scale = (value: number) => number;

/** What lies beyond the ends is drawn at the end. */
function scale({ ticks, log }: Axis, from: number, to: number): Scale {
  const of = (value: number): number => (log === true ? Math.log(Math.max(value, Number.MIN_VALUE)) : value);
  const [first, last] = [of(Math.min(...ticks)), of(Math.max(...ticks))];
  return (value) => from + Math.min(1, Math.max(0, (of(value) - first) / (last - first))) * (to - from);
}

function label({ format }: Axis, tick: number): string {
  return format === undefined ? String(tick) : format(tick);
}

function line(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="${color}"/>`;
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${FONT} fill="#222222" ${more}>${escaped(content)}</text>`;
}

function turned(x: number): string {
  return `transform="rotate(-90 ${x} ${(AREA.top + AREA.bottom) / 2})"`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
