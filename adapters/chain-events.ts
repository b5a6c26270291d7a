import { Result } from "ethers";
import type { Hex } from "../protocol/hex.ts";
import { abiOf } from "./abi.ts";
import type { RpcLog } from "./chain-shapes.ts";
import type { Contracts } from "./network.ts";

/** A log of one of our contracts, decoded. */
export interface ChainEvent {
  readonly contract: keyof Contracts;
  readonly name: string;
  /** By parameter name; integers are bigint, structs plain objects, hashes and addresses as the ABI decoder gives them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly address: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly transactionIndex: number;
  readonly logIndex: number;
}

export const decodeLog = (contracts: Contracts, log: RpcLog): ChainEvent | null => {
  const entry = Object.entries(contracts).find(([, address]) => address.toLowerCase() === log.address);
  if (entry === undefined) return null;
  const contract = entry[0] as keyof Contracts;
  const parsed = abiOf(contract).parseLog(log);
  if (parsed === null) return null;
  const { address, blockNumber, blockHash, transactionHash, transactionIndex, logIndex } = log;
  const args = plainRecord(parsed.args);
  return {
    contract,
    name: parsed.name,
    args,
    address,
    blockNumber,
    blockHash,
    transactionHash,
    transactionIndex,
    logIndex,
  };
};

/** ethers' Result as plain data: tuples with named parts become objects, lists arrays. */
export const plain = (value: unknown): unknown => {
  if (!(value instanceof Result)) return value;
  return isNamed(value) ? plainRecord(value) : [...value].map(plain);
};

/** ethers tells a list from a tuple only by refusing to make an object of it, or by calling its one element "_". */
const isNamed = (result: Result): boolean => {
  if (result.length === 0) return false;
  try {
    const names = Object.keys(result.toObject());
    return names.length === result.length && !names.includes("_");
  } catch {
    return false;
  }
};

const plainRecord = (result: Result): Record<string, unknown> =>
  Object.fromEntries(Object.entries(result.toObject()).map(([name, value]) => [name, plain(value)]));
