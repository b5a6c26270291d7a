import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";

export interface Side {
  readonly what: string;
  readonly run: () => unknown;
}

/** CPU time of this process so far, in ms: unlike the clock it does not count what other processes take. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How long nothing else could run while `work` did, at worst, in ms. */
export async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  // A block at the very end is seen by the next tick only.
  await setTimeout(5);
  delay.disable();
  return delay.max / 1e6;
}

/**
 * Median of `runs` timings in ms; the two sides alternate, so that a busy machine slows both.
 *
 * @param clock null: what a side returns is its measure
 */
export async function compare(
  ours: Side,
  peer: Side,
  runs: number,
  clock: (() => number) | null = cpuTime,
): Promise<{ ours: number; peer: number }> {
  const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  for (let i = 0; i <= runs; i++) {
    for (const [name, side] of [
      ["ours", ours],
      ["peer", peer],
    ] as const) {
      const start = clock?.() ?? 0;
      const result = await side.run();
      // The first round warms both up.
      if (i > 0) times[name].push(clock === null ? (result as number) : clock() - start);
    }
  }
  return { ours: median(times.ours), peer: median(times.peer) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** Prints the claim with its ratio and keeps it under bench/results. */
export function report(
  name: string,
  claim: string,
  ours: Side,
  peer: Side,
  times: { ours: number; peer: number },
  more = {},
) {
  const ratio = times.peer / times.ours;
  console.log(`${name}: ${claim}`);
  console.log(`  ${times.ours.toFixed(2).padStart(9)} ms  ${ours.what}`);
  console.log(`  ${times.peer.toFixed(2).padStart(9)} ms  ${peer.what}`);
  console.log(`  ${ratio.toFixed(1)} × faster`);
  for (const [key, value] of Object.entries(more)) console.log(`  ${key}: ${value}`);
  const result = {
    claim,
    ours: { what: ours.what, ms: round(times.ours) },
    peer: { what: peer.what, ms: round(times.peer) },
    ratio: round(ratio),
    ...more,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
  };
  writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
