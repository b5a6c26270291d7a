/** Logs of a long range, in windows: public nodes refuse a whole chain's at once. */
import type { Chain, LogFilter, RpcLog } from "./chain.ts";
import { grow, isTooMuch, shrink, WINDOW } from "./follow-window.ts";

/** Window after window, oldest first; `to` is the last block that has been read. */
export async function* logsIn(
  chain: Pick<Chain, "logs">,
  { from, to, ...filter }: LogFilter,
): AsyncGenerator<{ readonly to: number; readonly logs: readonly RpcLog[] }> {
  let window = WINDOW;
  for (let first = from; first <= to; ) {
    const last = Math.min(to, first + window.size - 1);
    let logs: readonly RpcLog[];
    try {
      logs = await chain.logs({ ...filter, from: first, to: last });
    } catch (error) {
      if (!isTooMuch(error) || first === last) throw error;
      window = shrink({ ...window, size: Math.min(window.size, last - first + 1) });
      continue;
    }
    window = grow(window);
    yield { to: last, logs };
    first = last + 1;
  }
}
