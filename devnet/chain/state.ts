/** What changes the chain, how it is written down, and how it is done again. */
import type { Entry, Journal } from "./journal.ts";
import type { Request } from "./rpc.ts";

interface Block {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
}

export const CHANGES_STATE = /^(eth_send|evm_|hardhat_(?!get|metadata))/;

/** Takes the request and writes it down, also when it failed: a request may change state and then report an error. */
export async function record(
  request: Request,
  journal: Journal | null,
  method: string,
  params: readonly unknown[],
): Promise<unknown> {
  if (journal === null) return apply(request, method, params);
  const before = Number(await request("eth_blockNumber", []));
  try {
    return await apply(request, method, params);
  } finally {
    const head = await blockAt(request, "latest");
    const number = Number(head.number);
    const first = number > before ? await blockAt(request, hex(before + 1)) : null;
    const time = first === null ? {} : { time: Number(first.timestamp) };
    await journal.append({ method, params, ...time, number, hash: head.hash });
  }
}

/** @throws when the chain that comes out is not the one that was written down */
export async function replay(request: Request, entries: readonly Entry[]): Promise<void> {
  for (const { method, params, time } of entries) {
    if (time !== undefined) await request("evm_setNextBlockTimestamp", [time]);
    // What failed then fails now, and leaves the same state.
    await apply(request, method, params).catch(() => undefined);
  }
  const last = entries.at(-1);
  if (last === undefined) return;
  const head = await blockAt(request, "latest");
  if (head.hash !== last.hash) {
    throw new Error(`the journal ends with block ${last.number} ${last.hash}, its replay with ${head.hash}`);
  }
  // The chain's clock stood still while it was down.
  const behind = Math.floor(Date.now() / 1000) - Number(head.timestamp);
  if (behind > 0) await request("evm_increaseTime", [behind]);
}

async function apply(request: Request, method: string, params: readonly unknown[]): Promise<unknown> {
  if (method !== "hardhat_mine") return request(method, params);
  const [blocks = 1, interval = 1] = params;
  return mine(request, Number(blocks), Number(interval));
}

/**
 * The engine's own `hardhat_mine` reserves a run of blocks and makes each when it is read, with a parent hash that is
 * not its parent's: a follower would refuse the chain. Here every block is a real one.
 */
async function mine(request: Request, blocks: number, interval: number): Promise<boolean> {
  let time: number | undefined;
  for (let made = 0; made < blocks; made++) {
    // Given, not taken from the clock: a replay must find the same.
    if (time !== undefined) await request("evm_setNextBlockTimestamp", [time + made * interval]);
    await request("evm_mine", []);
    time ??= Number((await blockAt(request, "latest")).timestamp);
  }
  return true;
}

async function blockAt(request: Request, at: string): Promise<Block> {
  return (await request("eth_getBlockByNumber", [at, false])) as Block;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
