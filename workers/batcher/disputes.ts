/** What others say on chain against batches of ours, open or long closed: challenges and flags, as facts in the bucket. */
import { getJson, type ObjectStore, putJson } from "../../adapters/bucket.ts";
import type { ChainEvent } from "../../adapters/chain.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { normalHex } from "../../protocol/hex.ts";
import { batchIdIn } from "../chain-batch.ts";
import { Challenge, challengeId, Flag, idIn, keys } from "../records.ts";

export interface DisputeDeps {
  readonly bucket: ObjectStore;
  readonly now: () => number;
}

/** Names of the challenges that these events opened or ended. */
export const applyDisputes = async (deps: DisputeDeps, events: readonly ChainEvent[]): Promise<string[]> => {
  const touched: string[] = [];
  for (const event of events) touched.push(...(await applyDispute(deps, event)));
  return touched;
};

const applyDispute = async ({ bucket, now }: DisputeDeps, event: ChainEvent): Promise<string[]> => {
  const batchId = batchIdIn(event);
  const kind = `${event.contract}.${event.name}`;
  if (batchId === undefined || !KINDS.has(kind) || !(await bucket.has(keys.plan(batchId)))) return [];
  const { args, blockNumber: block, logIndex } = event;
  if (kind === "DAEntrance.BlobFlagged" || kind === "DAEntrance.BatchWithheld") {
    const about = kind.endsWith("BlobFlagged")
      ? { what: "BlobCorrupt" as const, index: Number(args.index) }
      : { what: "Withheld" as const };
    const reporter = normalHex(String(args.reporter), 20);
    const flag: Flag = { batchId, ...about, reporter, block, tx: event.transactionHash, time: now() };
    // Whoever looks at the batch has the time at which it was first seen.
    const known = await getJson(bucket, keys.flag(flag), Flag);
    if (known?.tx !== flag.tx || known.block !== block) await putJson(bucket, keys.flag(flag), flag);
    return [];
  }
  const cell = { batchId, row: Number(args.row), column: Number(args.column) };
  if (kind === "DAChallenge.Challenged") {
    const challenge: Challenge = { ...cell, deadline: Number(args.deadline), block, logIndex, time: now() };
    const id = challengeId(challenge);
    // The same event again, after a crash before the cursor; an end that was seen comes again, too.
    await putJson(bucket, keys.challenge(id), challenge);
    crashpoint("challenge-seen");
    return [id];
  }
  const ended: string[] = [];
  for await (const challenge of challengesOf(bucket, `${batchId}-${cell.row}-${cell.column}-`)) {
    const isEarlier = challenge.block < block || (challenge.block === block && challenge.logIndex < logIndex);
    if (!isEarlier || challenge.ended !== undefined) continue;
    const id = challengeId(challenge);
    await putJson(bucket, keys.challenge(id), { ...challenge, ended: { block, logIndex } });
    ended.push(id);
  }
  return ended;
};

const KINDS: ReadonlySet<string> = new Set([
  "DAEntrance.BlobFlagged",
  "DAEntrance.BatchWithheld",
  "DAChallenge.Challenged",
  "DAChallenge.Answered",
  "DAChallenge.Unanswered",
]);

/** Everything seen above `ancestor` was a reading that the chain took back. */
export const revertDisputes = async (bucket: ObjectStore, ancestor: number): Promise<void> => {
  for await (const challenge of challengesOf(bucket)) {
    const key = keys.challenge(challengeId(challenge));
    if (challenge.block > ancestor) await bucket.delete(key);
    else if (challenge.ended !== undefined && challenge.ended.block > ancestor) {
      await putJson(bucket, key, { ...challenge, ended: undefined });
    }
  }
  for await (const key of bucket.list(keys.allFlags)) {
    const flag = await getJson(bucket, key, Flag);
    if (flag !== null && flag.block > ancestor) await bucket.delete(key);
  }
};

/** Names of all challenges on record. */
export async function* challengeIds(bucket: ObjectStore): AsyncGenerator<string> {
  for await (const key of bucket.list(keys.challenges)) yield idIn(key);
}

async function* challengesOf(bucket: ObjectStore, prefix = ""): AsyncGenerator<Challenge> {
  for await (const key of bucket.list(keys.challenges + prefix)) {
    const challenge = await getJson(bucket, key, Challenge);
    if (challenge !== null) yield challenge;
  }
}
