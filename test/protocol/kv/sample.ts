/** Streams, accounts and transactions for tests of the key-value layer, and 0G's own builder beside ours. */
import { StreamData } from "@0gfoundation/0g-ts-sdk";
import fc from "fast-check";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import { hasAccount, hasKey, isOp, OPS, type Op, type OpType } from "../../../protocol/kv/ops.ts";
import type { Transaction } from "../../../protocol/kv/payload.ts";

export const streamOf = (name: string): Hex => toHex(keccakText(`stream ${name}`));
export const accountOf = (name: string): Hex => toHex(keccakText(`account ${name}`).subarray(12));
export const keyOf = (name: string): Uint8Array => new TextEncoder().encode(name);
export const LATEST = 2n ** 64n - 1n;

export const TYPES: readonly OpType[] = Object.values(OPS).filter(isOp);

/** Any transaction on the given streams and accounts; few different keys, so that they meet. */
export const transactions = (streams: readonly Hex[], accounts: readonly Hex[]): fc.Arbitrary<Transaction> => {
  const stream = fc.constantFrom(...streams);
  const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
  const value = fc.uint8Array({ maxLength: 40 });
  const op = fc.record({ type: fc.constantFrom(...TYPES), stream, key, account: fc.constantFrom(...accounts) }).map(
    ({ type, stream: of, key: about, account }): Op => ({
      type,
      stream: of,
      key: hasKey(type) ? about : undefined,
      account: hasAccount(type) ? account : undefined,
    }),
  );
  return fc.record({
    version: fc.oneof(fc.bigInt(0n, 12n), fc.constant(LATEST)),
    reads: fc.array(fc.record({ stream, key }), { maxLength: 2 }),
    writes: fc.array(fc.record({ stream, key, value }), { maxLength: 4 }),
    ops: fc.array(op, { maxLength: 3 }),
  });
};

/** The same transaction as 0G's client encodes it. */
export const sdkEncode = ({ version, reads = [], writes = [], ops = [] }: Transaction): Uint8Array => {
  const data = new StreamData(Number(version));
  data.Reads.push(...reads.map(({ stream, key }) => ({ StreamId: stream, Key: key })));
  data.Writes.push(...writes.map(({ stream, key, value }) => ({ StreamId: stream, Key: key, Data: value })));
  data.Controls.push(
    ...ops.map(({ type, stream, key, account }) => ({ Type: type, StreamId: stream, Key: key, Account: account })),
  );
  return data.encode();
};
