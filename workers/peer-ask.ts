/**
 * One question put to peers until one gives the right answer: who is slow gets competition, who fails is followed by
 * the next, who lies is asked no more.
 */
import { asZgError } from "../adapters/errors.ts";
import type { NodeCall, NodeClient } from "../adapters/node-client.ts";
import type { Throttle } from "../adapters/throttle.ts";
import { ZgError } from "../protocol/errors.ts";
import { type Book, mostTelling, type Peer, type Wanted } from "./peer-book.ts";

export interface Question<T> extends Wanted {
  /** Of the answer, for the throttle. */
  readonly bytes: number;
  /** Throws what the answer is refuted by: `BadProof`, `BadResponse`, or another code that `isLie`. */
  readonly ask: (node: NodeClient, call: NodeCall) => Promise<T>;
}

export interface AskerOptions {
  readonly book: Book;
  readonly throttle: Throttle;
  readonly deadlineMs: number;
  readonly hedgeMs: number;
  readonly now: () => number;
}

export interface Asker {
  /** Rejects with the most telling of the peers' errors when none has the answer; `Stopping` when the signal aborts. */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<T>;
  /** What each peer answers; who fails, or takes much longer than the first, is counted and left out. */
  all<T>(question: Question<T>, signal: AbortSignal): Promise<{ readonly url: string; readonly value: T }[]>;
}

type Outcome<T> = { readonly peer: Peer } & ({ readonly value: T } | { readonly error: ZgError });

/** A request to one peer; before it is sent it waits for its turn in the throttle, which is nobody's fault. */
interface Attempt<T> {
  readonly sending: Promise<void>;
  sent: boolean;
  late: boolean;
  readonly answer: Promise<Outcome<T>>;
}

/** A shard is halved now and then; a NotInShard says so earlier. */
const SHARD_AGE_MS = 60_000;

export const createAsker = ({ book, throttle, deadlineMs, hedgeMs, now }: AskerOptions): Asker => {
  let freed = Promise.withResolvers<void>();
  const takeHand = (peer: Peer): (() => void) => {
    peer.busy += 1;
    peer.asked += 1;
    return () => {
      peer.busy -= 1;
      freed.resolve();
      freed = Promise.withResolvers();
    };
  };

  const askOne = async <T>(peer: Peer, question: Question<T>, signal: AbortSignal): Promise<Outcome<T>> => {
    try {
      const value = await question.ask(peer.node, { signal, deadlineMs });
      book.answered(peer);
      return { peer, value };
    } catch (thrown) {
      const error = asZgError(thrown);
      if (!signal.aborted) book.failed(peer, error, question);
      return { peer, error };
    }
  };

  const begin = <T>(peer: Peer, question: Question<T>, signal: AbortSignal): Attempt<T> => {
    const done = takeHand(peer);
    const sending = throttle.take(question.bytes, signal).then(() => {
      attempt.sent = true;
    });
    const answer = sending
      .then(() => askOne(peer, question, signal))
      .catch((error: unknown) => ({ peer, error: asZgError(error) }))
      .finally(done);
    const attempt: Attempt<T> = { sending, sent: false, late: false, answer };
    return attempt;
  };

  const learnShard = async (peer: Peer, signal: AbortSignal): Promise<void> => {
    if (now() - peer.shardAskedAt >= SHARD_AGE_MS) {
      peer.shardAskedAt = now();
      const said = peer.node.shard({ signal, deadlineMs }).catch(() => undefined);
      // Who does not say is believed to hold what it held, or anything.
      peer.learning = said.then((shard) => {
        peer.shard = shard ?? peer.shard;
        peer.learning = undefined;
      });
    }
    await peer.learning;
  };

  const ask = async <T>(question: Question<T>, signal: AbortSignal): Promise<T> => {
    if (question.heldBy !== undefined) {
      const learning = Promise.all(book.live().map((peer) => learnShard(peer, signal)));
      await within(hedgeMs, signal, (late) => Promise.race([learning, late]));
    }
    const untried = new Set(book.live());
    const open = new Map<Peer, Attempt<T>>();
    const errors: ZgError[] = [];
    let urgent = false;
    for (;;) {
      if (signal.aborted) throw new ZgError("Stopping", { what: question.what });
      for (const peer of untried) if (peer.lied > 0) untried.delete(peer);
      const peer = open.size === 0 || urgent ? book.choose(untried, question, urgent) : undefined;
      if (peer !== undefined) {
        untried.delete(peer);
        open.set(peer, begin(peer, question, signal));
        urgent = false;
      }
      if (untried.size === 0 && open.size === 0) throw nobodyHas(question, errors);
      const event = await next(open, untried.size > 0, signal);
      if (event === "late") {
        urgent = true;
        for (const [late, attempt] of open) {
          if (attempt.late || !attempt.sent) continue;
          attempt.late = true;
          book.late(late);
        }
      } else if (typeof event === "object") {
        if ("value" in event) return event.value;
        open.delete(event.peer);
        errors.push(event.error);
      }
    }
  };

  /** The next thing that happens: an answer, and while there is somebody else to ask whatever is a reason to. */
  const next = <T>(open: ReadonlyMap<Peer, Attempt<T>>, more: boolean, signal: AbortSignal) =>
    within(hedgeMs, signal, (late): Promise<Outcome<T> | "late" | "freed" | "sent"> => {
      const attempts = [...open.values()];
      const happens: Promise<Outcome<T> | "late" | "freed" | "sent">[] = attempts.map(({ answer }) => answer);
      const waiting = attempts.filter(({ sent }) => !sent);
      if (more && attempts.length === 0) happens.push(freed.promise.then(() => "freed"));
      // Patience begins when the request is sent.
      if (more) happens.push(...waiting.map(({ sending }) => sending.then(() => "sent" as const).catch(() => never())));
      if (more && waiting.length === 0) happens.push(late);
      return Promise.race(happens);
    });

  return {
    ask: async (question, outer) => {
      const done = new AbortController();
      try {
        return await ask(question, AbortSignal.any([outer, done.signal]));
      } finally {
        // Whoever else was asked need not answer any more.
        done.abort();
      }
    },
    all: async <T>(question: Question<T>, outer: AbortSignal) => {
      const done = new AbortController();
      const signal = AbortSignal.any([outer, done.signal]);
      const found: { readonly url: string; readonly value: T }[] = [];
      const open = new Set(book.live());
      const first = Promise.withResolvers<void>();
      const asked = [...open].map(async (peer) => {
        const free = takeHand(peer);
        const outcome = await askOne(peer, question, signal).finally(free);
        open.delete(peer);
        if (!("value" in outcome)) return;
        found.push({ url: peer.node.url, value: outcome.value });
        first.resolve();
      });
      const everybody = Promise.all(asked);
      await Promise.race([everybody, first.promise]);
      await within(hedgeMs, signal, (late) => Promise.race([everybody, late]));
      if (outer.aborted) throw new ZgError("Stopping", { what: question.what });
      for (const peer of open) book.late(peer);
      done.abort();
      return [...found];
    },
  };
};

const nobodyHas = ({ what }: Wanted, errors: readonly ZgError[]): ZgError => {
  const telling = mostTelling(errors);
  if (telling === undefined) return new ZgError("NodeDown", { what, why: "there is no peer to ask" });
  const peers = errors.map(({ code }) => code).join(" ");
  return new ZgError(telling.code, { ...telling.fields, what, peers }, { cause: telling });
};

const never = (): Promise<never> => new Promise(() => undefined);

/** Gives `use` a promise that resolves after `ms` or when the signal aborts, and leaves no timer behind. */
const within = async <T>(ms: number, signal: AbortSignal, use: (late: Promise<"late">) => Promise<T>): Promise<T> => {
  const { promise, resolve } = Promise.withResolvers<"late">();
  const end = (): void => resolve("late");
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await use(promise);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
};
