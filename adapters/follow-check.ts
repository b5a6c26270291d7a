/** What a node's answers must satisfy before the cursor moves. Pure: headers and logs in, named doubts out. */
import { ZgError } from "../protocol/errors.ts";
import { fromHex, type Hex } from "../protocol/hex.ts";
import { keccak } from "../protocol/keccak.ts";
import type { Header, RpcLog } from "./chain-shapes.ts";

export interface Block {
  readonly number: number;
  readonly hash: Hex;
}

/** The node contradicts itself, or the chain moved between two questions: nothing is believed, all is asked again. */
export const inconsistent = (why: string, fields: Record<string, string | number> = {}): ZgError =>
  new ZgError("BadResponse", { what: "chain", why, ...fields });

/** Consecutive headers, each the child of the one before; `parent` is the block they grow from. */
export const checkLinks = (parent: Block | undefined, headers: readonly Header[]): void => {
  let before = parent;
  for (const header of headers) {
    if (before !== undefined) {
      if (header.number !== before.number + 1) throw inconsistent("block number", { number: header.number });
      if (header.parentHash !== before.hash) throw inconsistent("parent hash", { number: header.number });
    }
    before = header;
  }
};

export interface LogBounds {
  readonly from: number;
  readonly to: number;
  readonly addresses?: readonly Hex[];
}

/** Logs in chain order, each within the bounds that were asked for and of the very block that the header names. */
export const checkLogs = (
  logs: readonly RpcLog[],
  { from, to, addresses }: LogBounds,
  hashAt: (number: number) => Hex | undefined,
): RpcLog[] => {
  const asked = addresses === undefined ? undefined : new Set(addresses.map((address) => address.toLowerCase()));
  for (const log of logs) {
    const { blockNumber: number } = log;
    if (log.removed === true) throw inconsistent("removed log", { number });
    if (number < from || number > to) throw inconsistent("log outside of the range", { number, from, to });
    if (asked !== undefined && !asked.has(log.address)) throw inconsistent("log of another address", { number });
    if (hashAt(number) !== log.blockHash) throw inconsistent("log of another block", { number });
  }
  const ordered = [...logs].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
  for (const [index, log] of ordered.entries()) {
    const before = ordered[index - 1];
    if (before !== undefined && before.blockNumber === log.blockNumber && before.logIndex === log.logIndex) {
      throw inconsistent("the same log twice", { number: log.blockNumber, index: log.logIndex });
    }
  }
  return ordered;
};

const BLOOM_BYTES = 256;

/** Could the block hold a log of one of these addresses with one of these first topics? False is certain. */
export const mayHoldLogs = (bloom: Hex, addresses: readonly Hex[], topics: readonly Hex[]): boolean => {
  if (bloom.length !== 2 + 2 * BLOOM_BYTES) return true;
  const bits = fromHex(bloom);
  const holds = (value: Hex): boolean => bloomBits(value).every((bit) => testBit(bits, bit));
  return (addresses.length === 0 || addresses.some(holds)) && (topics.length === 0 || topics.some(holds));
};

const testBit = (bits: Uint8Array, bit: number): boolean =>
  ((bits[BLOOM_BYTES - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;

/** Yellow paper 4.3.1: the low 11 bits of the first three pairs of bytes of the hash. */
const bloomBits = (value: Hex): number[] => {
  const hash = keccak(fromHex(value));
  return [0, 2, 4].map((at) => (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047);
};
