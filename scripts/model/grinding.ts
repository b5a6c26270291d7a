import { openRandom } from "./random.ts";

/**
 * What a proposer gains who drops his block, draws another hash and keeps the better of the two, where `hits` are to be
 * expected of the trials that he makes with each before he decides: hits more than with one draw, on average.
 *
 * Half of E|N − N'| for two numbers of hits, so never more than √(hits / 2).
 */
export function secondDraw(hits: number, rounds: number): number {
  const random = openRandom(`second draw of ${hits}`);
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const [first, second] = [random.arrivals(hits, 1e6), random.arrivals(hits, 1e6)];
    sum += Math.max(first, second) - hits;
  }
  return sum / rounds;
}
