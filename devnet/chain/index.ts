/**
 * The devnet's chain: Hardhat's EVM behind JSON-RPC. It cannot save its state, so every request that changes state is
 * written down before it is answered, and the next start replays them: every block gets the hash it had.
 */
import { openEngine } from "./engine.ts";
import { type Genesis, openJournal } from "./journal.ts";
import { type Request, serveRpc } from "./rpc.ts";
import { CHANGES_STATE, record, replay } from "./state.ts";

export interface ChainOptions {
  readonly port?: number;
  readonly chainId?: number;
  /** Milliseconds between blocks that no transaction asked for; 0 for none: whoever wants blocks mines them. */
  readonly interval: number;
  /** File that carries the chain over a restart; without one it is forgotten. */
  readonly journal?: string;
}

export interface DevChain {
  readonly url: string;
  readonly port: number;
  readonly chainId: number;
  /** Blocks that were replayed at start. */
  readonly replayed: number;
  readonly request: Request;
  /** Makes empty blocks, all at one time. */
  mine(blocks: number): Promise<void>;
  close(): Promise<void>;
}

/** The most that one transaction may have, by EIP-7825. */
const MAX_TRANSACTION_GAS = 2 ** 24;
/** geth and its kin drop larger transactions unseen; here the sender hears it. */
const TRANSACTION_LIMIT = 128 * 1024;

export async function startChain(options: ChainOptions): Promise<DevChain> {
  const genesis: Genesis = {
    chainId: options.chainId ?? 31337,
    time: Math.floor(Date.now() / 1000),
    engine: "hardhat-edr/prague",
  };
  const journal = options.journal === undefined ? null : await openJournal(options.journal, genesis);
  const engine = await openEngine(journal?.genesis ?? genesis);
  await replay(engine.request, journal?.entries ?? []);

  const change = serialised((method, params) => record(engine.request, journal, method, params));
  const request: Request = async (method, params) => {
    refuse(method, params);
    if (CHANGES_STATE.test(method)) return change(method, params);
    const answer = await engine.request(method, params);
    return method === "eth_estimateGas" ? withRoom(answer) : answer;
  };
  const server = await serveRpc(request, options.port ?? 0);
  const clock = options.interval > 0 ? setInterval(() => void request("evm_mine", []), options.interval) : undefined;
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    chainId: journal?.genesis.chainId ?? genesis.chainId,
    replayed: journal?.entries.at(-1)?.number ?? 0,
    request,
    mine: async (blocks) => void (await request("hardhat_mine", [blocks, 0])),
    async close() {
      clearInterval(clock);
      await server.close();
      await change.idle();
      await journal?.close();
      await engine.close();
    },
  };
}

/**
 * An entry costs up to twice as much if others came between its estimate and its block: a new level of the tree, an
 * epoch that rolls. This engine's estimates are exact, and 0G's client signs them as they are; it never looks at the
 * receipt of a transaction that ran out of gas, and waits for its entry for ever.
 */
function withRoom(estimate: unknown): unknown {
  const gas = Number(estimate);
  return `0x${Math.max(gas, Math.min(2 * gas, MAX_TRANSACTION_GAS)).toString(16)}`;
}

function refuse(method: string, params: readonly unknown[]): void {
  if (method === "evm_setIntervalMining") throw new Error("this chain's clock is set at its start: --interval");
  const [raw] = params;
  if (method !== "eth_sendRawTransaction" || typeof raw !== "string") return;
  const size = (raw.length - 2) / 2;
  if (size > TRANSACTION_LIMIT) throw new Error(`oversized data: transaction size ${size}, limit ${TRANSACTION_LIMIT}`);
}

/** One at a time, in order: the journal's order is then the chain's. */
function serialised(effect: Request): Request & { idle(): Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve();
  const queued: Request = (method, params) => {
    const next = last.then(() => effect(method, params));
    last = next.catch(() => undefined);
    return next;
  };
  return Object.assign(queued, { idle: () => last });
}
