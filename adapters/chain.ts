/**
 * The chain, as one object: proved at the start (id, code at every address), read through one checked JSON-RPC client,
 * its contracts by their compiled ABIs, and every failure as a named error.
 */
import { Contract, type JsonRpcApiProvider } from "ethers";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";
import { abiOf } from "./abi.ts";
import { chainErrorOf } from "./chain-errors.ts";
import { type ChainEvent, decodeLog } from "./chain-events.ts";
import { type Header, type Receipt, type RpcLog, rpcShapes } from "./chain-shapes.ts";
import type { Log } from "./log.ts";
import { type Contracts, proveChain } from "./network.ts";
import { openRpc, RpcError } from "./rpc.ts";
import { RpcProvider } from "./rpc-provider.ts";

export type { ChainEvent } from "./chain-events.ts";
export type { Header, Receipt, RpcLog } from "./chain-shapes.ts";

/** What "finalized" means here: the chain's own tag, or so many blocks below the head. */
export type Finality = "finalized" | number;
export type BlockId = number | "latest" | "finalized" | "pending";

export interface ChainOptions {
  readonly rpc: string | readonly string[];
  readonly chainId: number;
  readonly contracts: Contracts;
  readonly finality?: Finality;
  /** For those who wait for transactions through ethers. */
  readonly pollMs?: number;
  readonly log: Log;
}

export interface LogFilter {
  readonly from: number;
  readonly to: number;
  readonly addresses?: readonly Hex[];
  readonly topics?: readonly (Hex | readonly Hex[] | null)[];
}

export interface Call {
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
}

export interface Chain {
  readonly chainId: number;
  readonly addresses: Contracts;
  readonly provider: JsonRpcApiProvider;
  readonly flow: Contract;
  readonly market: Contract;
  readonly reward: Contract;
  readonly mine: Contract;
  readonly signers: Contract;
  readonly sampling: Contract;
  readonly challenges: Contract;
  readonly entrance: Contract;
  readonly verifier: Contract;
  head(): Promise<number>;
  /** Number of the last block that will not change; never above the head. */
  finalized(): Promise<number>;
  /** null when the node has no such block. */
  header(id: BlockId | Hex, signal?: AbortSignal): Promise<Header | null>;
  logs(filter: LogFilter, signal?: AbortSignal): Promise<RpcLog[]>;
  /** Logs of one block, asked for by its hash: a node on another fork says so instead of answering for another block. */
  logsOf(hash: Hex, filter: Pick<LogFilter, "addresses" | "topics">, signal?: AbortSignal): Promise<RpcLog[]>;
  receipt(hash: Hex): Promise<Receipt | null>;
  nonce(address: string, at: BlockId): Promise<number>;
  /** Gas of a call, or a ZgError that names the contract's error. */
  estimate(call: Call): Promise<bigint>;
  /** Suggested priority fee, wei. */
  priorityFee(): Promise<bigint>;
  /** Hands over signed bytes. Refusals of the node are `RpcError`. */
  send(raw: string): Promise<Hex>;
  /** null for a log of a contract or event that is not ours. */
  decode(log: RpcLog): ChainEvent | null;
  errorOf(error: unknown): ZgError;
  close(): Promise<void>;
}

export const openChain = async (options: ChainOptions): Promise<Chain> => {
  const { chainId, contracts, finality = "finalized" } = options;
  const rpc = openRpc({ url: options.rpc });
  try {
    await proveChain(rpc, { chainId, contracts });
  } catch (error) {
    rpc.close();
    throw error instanceof RpcError ? new ZgError("ChainUnreachable", { why: error.message }, { cause: error }) : error;
  }
  const provider = new RpcProvider(rpc, chainId, options.pollMs ?? 250);
  const contract = (name: keyof Contracts): Contract => new Contract(contracts[name], abiOf(name), provider);

  const head = async (): Promise<number> => rpcShapes.quantity(await rpc.call("eth_blockNumber", []));
  const header = async (id: BlockId | Hex, signal?: AbortSignal): Promise<Header | null> => {
    const byHash = typeof id === "string" && id.startsWith("0x");
    const method = byHash ? "eth_getBlockByHash" : "eth_getBlockByNumber";
    return rpcShapes.header(await rpc.call(method, [typeof id === "number" ? hexOf(id) : id, false], signal));
  };

  return {
    chainId,
    addresses: contracts,
    provider,
    flow: contract("Flow"),
    market: contract("FixedPrice"),
    reward: contract("ChunkLinearReward"),
    mine: contract("PoraMine"),
    signers: contract("DASigners"),
    sampling: contract("DASampling"),
    challenges: contract("DAChallenge"),
    entrance: contract("DAEntrance"),
    verifier: contract("CellVerifier"),
    head,
    header,
    finalized: async () => {
      if (typeof finality === "number") return Math.max((await head()) - finality, 0);
      // A chain that has finalized nothing yet answers null (or an error): then nothing but genesis is final.
      const block = await header("finalized").catch((error: unknown) => {
        if (error instanceof RpcError) return null;
        throw error;
      });
      return block?.number ?? 0;
    },
    logs: async ({ from, to, addresses, topics }, signal) =>
      rpcShapes.logs(
        await rpc.call(
          "eth_getLogs",
          [{ fromBlock: hexOf(from), toBlock: hexOf(to), address: addresses, topics }],
          signal,
        ),
      ),
    logsOf: async (blockHash, { addresses, topics }, signal) =>
      rpcShapes.logs(await rpc.call("eth_getLogs", [{ blockHash, address: addresses, topics }], signal)),
    receipt: async (hash) => rpcShapes.receipt(await rpc.call("eth_getTransactionReceipt", [hash])),
    nonce: async (address, at) =>
      rpcShapes.quantity(await rpc.call("eth_getTransactionCount", [address, typeof at === "number" ? hexOf(at) : at])),
    estimate: async ({ value, ...call }) => {
      try {
        return rpcShapes.big(await rpc.call("eth_estimateGas", [{ ...call, value: `0x${value.toString(16)}` }]));
      } catch (error) {
        throw chainErrorOf(error);
      }
    },
    priorityFee: async () => rpcShapes.big(await rpc.call("eth_maxPriorityFeePerGas", [])),
    send: async (raw) => (await rpc.call("eth_sendRawTransaction", [raw])) as Hex,
    decode: (log) => decodeLog(contracts, log),
    errorOf: chainErrorOf,
    close: async () => {
      await provider.close();
      rpc.close();
    },
  };
};

const hexOf = (value: number): Hex => `0x${value.toString(16)}`;
