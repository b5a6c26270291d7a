/** Edge `collect`: one round of asking, and the confirmation once more than two thirds of the stake has signed. */
import { type ObjectStore, putJson } from "../../adapters/bucket.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import type { Outbox } from "../../adapters/outbox.ts";
import { attestationMessage } from "../../protocol/attestation.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type BatchFacts, readBatchFacts } from "../batch-facts.ts";
import { keys, type Submitted, type Vote } from "../records.ts";
import { ask, type Question } from "./ask.ts";
import { attestationOf } from "./attest.ts";
import { type Calls, revertOf } from "./calls.ts";
import { nextStep, type Step } from "./quorum.ts";
import type { ValidatorSet, Validators } from "./validators.ts";

export interface CollectDeps {
  readonly bucket: ObjectStore;
  /** Validators choose where they are asked: each client connects to no address that `socket.ts` refuses it. */
  readonly clients: Readonly<Record<"inside" | "outside", HttpClient>>;
  readonly isInside: (socket: string) => boolean;
  readonly validators: Pick<Validators, "of">;
  readonly outbox: Pick<Outbox, "enqueue">;
  readonly calls: Pick<Calls, "confirm">;
  readonly pokeSend: () => Promise<unknown>;
  readonly chainId: number;
  readonly entrance: Hex;
  readonly graceMs: number;
  readonly latest: () => number;
  readonly log: Log;
  readonly now: () => number;
}

/** True: ask again; false: nothing more to do here. */
export const collect = async (deps: CollectDeps, batchId: Hex, signal: AbortSignal): Promise<boolean> => {
  const facts = await readBatchFacts(deps.bucket, batchId);
  if (facts?.submitted == null || facts.confirmed || facts.failed || facts.closed) return false;
  const { submitted } = facts;
  const set = await deps.validators.of(submitted.epoch);
  const decide = (votes: readonly Vote[]): Step =>
    nextStep({
      ...set,
      votes,
      graceMs: deps.graceMs,
      now: deps.now(),
      blocksLeft: submitted.deadline - deps.latest(),
    });
  let votes = facts.votes;
  let step = decide(votes);
  const waiting = new Map<number, string>();
  if (step.kind !== "confirm") {
    // After the deadline once more: the signatures are of no use, but what kept them is worth knowing.
    const signed = new Set(votes.filter(({ outcome }) => outcome === "signed").map(({ slot }) => slot));
    const unsigned = set.validators.map(({ slot }) => slot).filter((slot) => !signed.has(slot));
    const slots = step.kind === "ask" ? step.slots : unsigned;
    votes = await askAll(deps, facts, submitted, set, slots, waiting, signal);
    step = decide(votes);
  }
  if (step.kind === "ask") return true;
  await nameLate(deps, batchId, submitted.blockHash, set, votes, waiting);
  if (step.kind === "stop") return false;
  crashpoint("quorum-reached");
  signal.throwIfAborted();
  return confirm(deps, facts, submitted.blockHash, set, votes);
};

/** Everybody at once, so that the slowest does not hold up the others; what is new is durable before it counts. */
const askAll = async (
  deps: CollectDeps,
  { plan, votes }: BatchFacts,
  { blockHash: seed, epoch }: Submitted,
  set: ValidatorSet,
  slots: readonly number[],
  waiting: Map<number, string>,
  signal: AbortSignal,
): Promise<Vote[]> => {
  const { bucket, clients, now, entrance } = deps;
  const { batchId } = plan;
  const message = attestationMessage({ chainId: BigInt(deps.chainId), entrance, batchId, epoch: BigInt(epoch), seed });
  const question: Question = { batchId, seed, message, blobKeys: plan.blobs.map(({ blobKey }) => blobKey) };
  const known = new Map(votes.map((vote) => [vote.slot, vote]));
  const asked = set.validators.filter(({ slot }) => slots.includes(slot));
  await Promise.all(
    asked.map(async (validator) => {
      const inside = deps.isInside(validator.socket);
      const client = inside ? clients.inside : clients.outside;
      const vote = await ask(client, validator, question, { signal, now, inside });
      if ("waiting" in vote) waiting.set(validator.slot, vote.waiting);
      if ("waiting" in vote || sameAs(vote, known.get(vote.slot))) return;
      await putJson(bucket, keys.vote(batchId, seed, vote.slot), vote);
      known.set(vote.slot, vote);
      if (vote.outcome === "signed") crashpoint("signatures-half");
      else deps.log.warn({ batchId, slot: vote.slot, outcome: vote.outcome, why: vote.why }, "no signature");
    }),
  );
  return [...known.values()];
};

const sameAs = (vote: Vote, known: Vote | undefined): boolean =>
  known !== undefined && vote.outcome === known.outcome && vote.code === known.code;

/** Who has said nothing by the time of the confirmation, or of the deadline, was too late, and is named. */
const nameLate = async (
  { bucket, now }: CollectDeps,
  batchId: Hex,
  seed: Hex,
  { validators }: ValidatorSet,
  votes: readonly Vote[],
  waiting: ReadonlyMap<number, string>,
): Promise<void> => {
  const heard = new Set(votes.map(({ slot }) => slot));
  for (const { slot, socket } of validators) {
    if (heard.has(slot)) continue;
    const late: Vote = { slot, socket, seed, outcome: "slow", code: "NotSampled", why: waiting.get(slot), time: now() };
    await putJson(bucket, keys.vote(batchId, seed, slot), late);
  }
};

/** Plans the confirmation; the same batch and seed are the same transaction, however often they are planned. */
const confirm = async (
  { calls, outbox, pokeSend, log }: CollectDeps,
  { plan }: BatchFacts,
  seed: Hex,
  set: ValidatorSet,
  votes: readonly Vote[],
): Promise<boolean> => {
  const { batchId } = plan;
  const signatures = new Map<number, Hex>();
  for (const { slot, signature } of votes) if (signature !== undefined) signatures.set(slot, signature);
  try {
    const { nonce } = await outbox.enqueue(await calls.confirm(plan, seed, attestationOf(set, signatures)));
    log.info(
      { batchId, nonce, signatures: signatures.size, validators: set.validators.length },
      "confirmation planned",
    );
  } catch (error) {
    const revert = revertOf(error);
    // Somebody else was faster, or the chain has no block on top of the submission yet.
    if (revert === "WrongStatus") return false;
    if (revert === "TooEarly") return true;
    throw error;
  }
  await pokeSend();
  return false;
};
