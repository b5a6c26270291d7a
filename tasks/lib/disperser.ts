import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { HttpClient } from "../../adapters/http-client.ts";
import { isErrorCode, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { hasReached, isTerminal, type Progress } from "../../protocol/status.ts";
import { BlobView } from "../../workers/disperser/view.ts";

const MAX_VIEW = 1 << 20;
const accepted = z.object({ requestId: z.string().regex(/^0x[0-9a-f]{64}$/) });

/** Hands a blob in; resolves when the disperser has it durably. The same payload, account and salt are one request. */
export async function handIn(
  client: HttpClient,
  url: string,
  payload: Uint8Array,
  account: Hex,
  salt: Hex,
  onSent?: (bytes: number) => void,
): Promise<Hex> {
  const answer = await client.json(`${url}/blobs?account=${account}&salt=${salt}`, accepted, {
    method: "POST",
    body: payload,
    onSent,
    maxBytes: MAX_VIEW,
    deadlineMs: 120_000,
  });
  return answer.requestId as Hex;
}

/** What the disperser says of a requestId or blobKey; `UnknownId` if it is neither. */
export function view(client: HttpClient, url: string, id: Hex, signal?: AbortSignal): Promise<BlobView> {
  return client.json(`${url}/blobs/${id}`, BlobView, { maxBytes: MAX_VIEW, deadlineMs: 10_000, signal });
}

export interface FollowOptions {
  readonly client: HttpClient;
  readonly url: string;
  readonly id: Hex;
  readonly goal: Progress;
  readonly onView: (view: BlobView) => void;
  readonly signal?: AbortSignal;
  readonly everyMs?: number;
  /** Gives up when nothing at all has changed for so long. */
  readonly stallMs?: number;
}

/** A disperser that restarts is waited for; one that stays away is an error. */
const PATIENCE_MS = 30_000;

/**
 * Asks until the blob has reached the goal.
 *
 * @throws the verdict's code if the blob ends before; Timeout if nothing happens any more
 */
export async function follow(options: FollowOptions): Promise<BlobView> {
  const { client, url, id, goal, onView, everyMs = 150, stallMs = 20 * 60_000 } = options;
  const signal = options.signal ?? new AbortController().signal;
  let answered = Date.now();
  let changed = Date.now();
  let before = "";
  for (;;) {
    signal.throwIfAborted();
    const seen = await view(client, url, id, signal).catch((error: unknown) => {
      const wait = error instanceof ZgError && error.retryable && Date.now() - answered < PATIENCE_MS;
      if (!wait) throw error;
      return null;
    });
    if (seen !== null) {
      answered = Date.now();
      onView(seen);
      if (hasReached(seen.status, goal)) return seen;
      if (isTerminal(seen.status)) throw endOf(seen);
      const now = JSON.stringify(seen);
      if (now !== before) changed = Date.now();
      before = now;
    }
    if (Date.now() - changed > stallMs)
      throw new ZgError("Timeout", { id, status: seen?.status ?? "unknown", stallMs });
    await pause(everyMs, undefined, { signal });
  }
}

/** A blob that ended without a certificate: the verdict's own code, and who refused with which code. */
export function endOf(seen: BlobView): ZgError {
  const code = isErrorCode(seen.code) ? seen.code : "InsufficientSignatures";
  const who = seen.refusals.map(({ who, outcome, code: why }) => `${who} ${why ?? outcome}`).join("; ");
  return new ZgError(code, {
    requestId: seen.requestId,
    status: seen.status,
    ...(seen.batchId === undefined ? {} : { batchId: seen.batchId }),
    ...(who === "" ? {} : { refusals: who.slice(0, 400) }),
  });
}
