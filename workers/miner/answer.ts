/**
 * The edge `answer`: a hit becomes a transaction if it can still come in time, if what is sealed is what the log has, if
 * the chain would take it, and if it pays for its gas. Otherwise it is dropped, with the reason.
 */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { Log } from "../../adapters/log.ts";
import { bytesToBig, equalBytes, fromHex, type Hex } from "../../protocol/hex.ts";
import { answerOf, type PoraAnswer } from "../../protocol/pora.ts";
import { SEAL_BYTES, sealRootOf, unseal } from "../../protocol/seal.ts";
import type { Peers } from "../peers.ts";
import type { PartyWallet } from "../wallet.ts";
import { isWorth } from "../worth.ts";
import type { Calls } from "./calls.ts";
import { type Hit, keyOf, type MinerDb } from "./db.ts";
import { inTime } from "./epoch.ts";
import type { Flying } from "./flying.ts";
import { hitKey, isOpen, rangeOf, updateHit } from "./hits.ts";
import { ABSENT } from "./load-record.ts";
import { contextOf, sectorOf } from "./plan.ts";
import { expectedReward } from "./profit.ts";
import { fetchProof } from "./prove.ts";
import type { Vault } from "./vault.ts";

export interface AnswerDeps {
  readonly db: MinerDb;
  readonly vault: Vault;
  readonly peers: Pick<Peers, "ask">;
  readonly calls: Pick<Calls, "answer" | "pools" | "cost">;
  readonly wallet: Pick<PartyWallet, "address" | "plan">;
  readonly minerId: Hex;
  readonly sectorsPerPrice: number;
  /** Wei of reward for a wei of gas below which nothing is sent. */
  readonly leastGain: number;
  readonly head: () => { readonly latest: number; readonly timestamp: number };
  /** Our answers on their way, by pricing chunk. */
  readonly flying: Flying;
  readonly log: Log;
}

/** What is on its way when a reorg or a full epoch makes it worthless costs the gas of an empty transaction each. */
const MAX_FLYING = 4;

export type Answered = { readonly planned: number } | { readonly dropped: string } | "wait";

/**
 * undefined: nothing to do any more. "wait": so many answers are on their way that one more might come too late, and
 * cost gas for nothing. Throws `NotStored` and its like while nobody has the proof.
 */
export const answerHit = async (deps: AnswerDeps, quality: Hex, signal: AbortSignal): Promise<Answered | undefined> => {
  const { db, wallet, flying } = deps;
  const hit = db.get("hits", hitKey(quality));
  if (!isOpen(hit)) return undefined;
  const drop = async (why: string): Promise<Answered> => {
    await updateHit(db, quality, { dropped: why });
    deps.log.debug({ quality, why }, "hit dropped");
    return { dropped: why };
  };

  // An answer in every second block is what can be counted on: others' transactions take room, too.
  const isCrowded = (): boolean => flying.size >= Math.min(MAX_FLYING, (hit.last - deps.head().latest) / 2);
  if (!inTime(deps.head().latest, hit.last)) return drop("late");
  if (isCrowded()) return "wait";
  const answer = await build(deps, hit, signal);
  if (typeof answer === "string") return drop(answer);
  const intent = deps.calls.answer(quality, answer);
  let cost: bigint;
  try {
    cost = await deps.calls.cost(wallet.address, intent);
  } catch (error) {
    const { code, fields } = asZgError(error);
    if (code !== "ChainReverted") throw error;
    // Somebody sent a copy of it: it pays us all the same.
    return drop(String(fields.error));
  }
  const chunk = Math.floor(sectorOf(hit.load, hit.sealOffset) / deps.sectorsPerPrice);
  const ahead = [...flying.values()].filter((other) => other === chunk).length;
  const reward = expectedReward(await deps.calls.pools(chunk), ahead, deps.head().timestamp);
  if (!isWorth(reward, cost, deps.leastGain)) return drop(`earns ${reward} wei for ${cost} wei of gas`);
  if (!inTime(deps.head().latest, hit.last)) return drop("late");
  if (isCrowded()) return "wait";

  signal.throwIfAborted();
  flying.set(intent.id, chunk);
  const { nonce } = await wallet.plan(intent).catch((error: unknown) => {
    flying.delete(intent.id);
    throw error;
  });
  crashpoint("miner-answer-planned");
  await updateHit(db, quality, { slot: nonce });
  return { planned: nonce };
};

/** A text: why it cannot be built. */
const build = async (deps: AnswerDeps, hit: Hit, signal: AbortSignal): Promise<PoraAnswer | string> => {
  const { db, vault, minerId } = deps;
  const record = vault.record(hit.load);
  const context = contextOf(record, hit.sealOffset);
  if (context === undefined || record.slot === null) return "not sealed any more";
  const position = sectorOf(hit.load, hit.sealOffset);
  const load = await vault.read(record.slot);
  const sealed = load.slice(hit.sealOffset * SEAL_BYTES, (hit.sealOffset + 1) * SEAL_BYTES);
  const proof = await fetchProof(deps.peers, { ...hit, position }, signal);
  const data = unseal(sealed, { minerId, contextDigest: context, position });
  if (!equalBytes(sealRootOf(data), proof.root)) {
    // The path leads to the root that the chain has, so it is our disk that forgot something: seal it again.
    await db.store.write((tx) => {
      const now = db.read(tx, "loads", keyOf(hit.load));
      if (now !== undefined)
        db.put(tx, "loads", keyOf(hit.load), { ...now, seals: now.seals.with(hit.sealOffset, ABSENT) });
    });
    vault.show(hit.load);
    deps.log.error(
      { load: hit.load, seal: hit.sealOffset },
      "a seal is not what the log has there: it is sealed again",
    );
    return "rotten";
  }
  const { quality, nonce, sealOffset, contextDigest, subtaskDigest } = hit;
  const ticket = { sealOffset, position, quality: bytesToBig(fromHex(quality)), sealed };
  const work = { minerId, subtaskDigest, range: rangeOf(hit), contextDigest };
  return answerOf(ticket, work, nonce, { sealedContextDigest: context, path: proof.path });
};
