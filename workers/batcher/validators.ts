/** The validators of an epoch: who counts, with what stake, under which key, and where to ask. */

import { aggregateKeys, type G1, g1Bytes } from "../../adapters/bls.ts";
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { Chain } from "../../adapters/chain.ts";
import { logsIn } from "../../adapters/logs.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { keccakHex } from "../../protocol/keccak.ts";
import { keys, ValidatorKey } from "../records.ts";
import type { Validator } from "./quorum.ts";

export interface EpochValidator extends Validator {
  /** Checkpoint of the slot that counts in the epoch. */
  readonly hint: number;
  readonly key: Hex;
  readonly socket: string;
}

export interface ValidatorSet {
  readonly validators: readonly EpochValidator[];
  readonly totalStake: bigint;
  readonly hint: number;
  /** Sum of all keys: the chain has its hash only. */
  readonly aggregateKey: Hex;
}

/** Sockets may change at any time; the rest of a running or past epoch never does. */
const SOCKETS_FOR_MS = 10_000;

export const createValidators = (chain: Chain, bucket: ObjectStore, fromBlock: number) => {
  const sets = new Map<number, { readonly set: Promise<ValidatorSet>; readonly time: number }>();

  const remember = async (key: unknown): Promise<void> => {
    const bytes = g1Bytes(key as G1);
    await putJson(bucket, keys.validatorKey(keccakHex(fromHex(bytes))), { key: bytes }, { once: true });
  };
  let unread = fromBlock;
  let reading: Promise<void> | undefined;
  /** Every key of the chain so far, in the bucket. What is final is read once, also if the reading breaks off. */
  const readKeys = async (): Promise<void> => {
    const finalized = await chain.finalized();
    const addresses = [chain.addresses.DASigners];
    const topics = [chain.signers.interface.getEvent("Registered")?.topicHash as Hex];
    for await (const { logs, to } of logsIn(chain, { from: unread, to: await chain.head(), addresses, topics })) {
      for (const log of logs) await remember(chain.decode(log)?.args.key);
      unread = Math.max(unread, Math.min(to, finalized) + 1);
    }
  };
  const keyOf = async (keyHash: Hex): Promise<Hex> => {
    const known = await getJson(bucket, keys.validatorKey(keyHash), ValidatorKey);
    if (known !== null) return known.key;
    // Not followed yet, or the bucket is a new one: the events have every key that ever counted. All who look for one
    // at the same time share the reading.
    reading ??= readKeys().finally(() => {
      reading = undefined;
    });
    await reading;
    const found = await getJson(bucket, keys.validatorKey(keyHash), ValidatorKey);
    if (found === null) throw new ZgError("NotFound", { what: "validator key", keyHash });
    return found.key;
  };

  const read = async (epoch: number): Promise<ValidatorSet> => {
    const { signers } = chain;
    try {
      const hint = Number(await signers.getFunction("findSet").staticCall(epoch));
      const [totalStake, recorded] = await signers.getFunction("setAt").staticCall(epoch, hint);
      const slots = Number(await signers.getFunction("signerCount").staticCall());
      const read = Array.from({ length: slots }, (_, slot) => readSlot(chain, slot, epoch, keyOf));
      const validators = (await Promise.all(read)).filter((validator) => validator !== undefined);
      const aggregateKey = aggregateKeys(validators.map(({ key }) => key));
      const actual = keccakHex(fromHex(aggregateKey));
      if (actual !== recorded) throw new ZgError("BadResponse", { what: "aggregate key", actual, recorded });
      return { validators, totalStake: BigInt(totalStake), hint, aggregateKey };
    } catch (error) {
      throw error instanceof ZgError ? error : chain.errorOf(error);
    }
  };

  return {
    remember,
    of: (epoch: number): Promise<ValidatorSet> => {
      const known = sets.get(epoch);
      if (known !== undefined && Date.now() - known.time < SOCKETS_FOR_MS) return known.set;
      const set = read(epoch);
      sets.clear();
      sets.set(epoch, { set, time: Date.now() });
      set.catch(() => sets.delete(epoch));
      return set;
    },
  };
};

export type Validators = ReturnType<typeof createValidators>;

/** Undefined for a slot that is not in the epoch's set. */
const readSlot = async (
  { signers, errorOf }: Chain,
  slot: number,
  epoch: number,
  keyOf: (keyHash: Hex) => Promise<Hex>,
): Promise<EpochValidator | undefined> => {
  try {
    const hint = Number(await signers.getFunction("findSlot").staticCall(slot, epoch));
    const [[stake, keyHash], signer] = await Promise.all([
      signers.getFunction("slotAt").staticCall(slot, epoch, hint),
      signers.getFunction("signer").staticCall(slot),
    ]);
    if (BigInt(stake) === 0n) return undefined;
    return { slot, hint, stake: BigInt(stake), key: await keyOf(keyHash as Hex), socket: String(signer.socket) };
  } catch (error) {
    const named = error instanceof ZgError ? error : errorOf(error);
    if (named.code === "ChainReverted" && named.fields.error === "BeforeHistory") return undefined;
    throw named;
  }
};
