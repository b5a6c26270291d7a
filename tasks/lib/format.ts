/** Numbers as a person reads them. Pure. */

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 1024 ** 2) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 ** 2).toFixed(2)} MiB`;
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Decimal, as disks and networks are sold. */
export function rate(count: number, ms: number): string {
  if (ms <= 0) return "–";
  const kilobytes = count / ms;
  return kilobytes < 100 ? `${kilobytes.toFixed(1)} kB/s` : `${(kilobytes / 1_000).toFixed(2)} MB/s`;
}

/** 0x1234abcd…5678: enough to recognise an id, short enough for a line. */
export function short(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 10)}…${id.slice(-4)}`;
}

export function integer(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

export function percent(part: bigint, whole: bigint): string {
  return whole === 0n ? "–" : `${Number((part * 10_000n) / whole) / 100} %`;
}

const WIDTH = 24;

/** A bar for one line of a task list: "█████░░░ 62 %  2.10 MiB of 3.40 MiB". */
export function bar(done: number, total: number): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.round(part * WIDTH);
  const drawn = "█".repeat(full) + "░".repeat(WIDTH - full);
  return `${drawn} ${Math.floor(part * 100)} %  ${bytes(done)} of ${bytes(total)}`;
}

const GWEI = 10n ** 9n;

/** Money, in the unit that fees and prices of gas are in. */
export function gwei(wei: bigint): string {
  return wei !== 0n && wei < GWEI ? `${integer(wei)} wei` : `${integer(wei / GWEI)} gwei`;
}

/** Stakes, to the wei. */
export function ether(wei: bigint): string {
  const [whole, part] = [wei / 10n ** 18n, wei % 10n ** 18n];
  const decimals = part === 0n ? "" : `.${part.toString().padStart(18, "0").replace(/0+$/, "")}`;
  return `${integer(whole)}${decimals} ether`;
}
