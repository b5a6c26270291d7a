/**
 * A column that hashes to the recorded roots and fails against its published proof convinces whoever sees it. Who finds
 * one hands it to the other validators; each checks it on its own, and does not sign.
 */
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { Compute } from "../../adapters/compute.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { ERRORS, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isEvidence } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import { isLate, mustSample } from "./record.ts";

const DEADLINE_MS = 10_000;

export interface PublishDeps {
  readonly ledger: Pick<Ledger, "evidence" | "find">;
  readonly client: Pick<HttpClient, "json">;
  /** Of every validator: which of them is this one cannot be told from outside, and it has the evidence already. */
  readonly urls: readonly string[];
  readonly latest: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Before the second attempt, ms; doubled up to `MAX_PAUSE_MS`. */
  readonly pauseMs: number;
}

const MAX_PAUSE_MS = 5_000;
const Accepted = z.object({ accepted: z.boolean() });

/**
 * Tells every validator until it has answered or no signature can count any more: who has not seen the batch, or is busy
 * or down, is asked again. Nobody waits for it: the others sample on their own, and the evidence stays here to be asked for.
 */
export const publisher = ({ ledger, client, urls, latest, log, signal, pauseMs }: PublishDeps) => {
  const running = new Set<Hex>();
  const tell = async (batchId: Hex, url: string): Promise<void> => {
    for (let pause = pauseMs; !signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      const [record, evidence] = [ledger.find(batchId), ledger.evidence(batchId)];
      if (record === undefined || evidence === undefined || isLate(record, latest())) return;
      const target = `${url.replace(/\/+$/, "")}/batches/${batchId}/evidence/${evidence.column}`;
      const options = {
        method: "POST",
        body: evidence.frame,
        maxBytes: 4_096,
        deadlineMs: DEADLINE_MS,
        signal,
      } as const;
      try {
        await client.json(target, Accepted, options);
        return;
      } catch (error) {
        log.debug({ url, error: String(error) }, "evidence not delivered");
        if (error instanceof ZgError && !ERRORS[error.code].retryable) return;
      }
      await setTimeout(pause, undefined, { signal }).catch(() => undefined);
    }
  };
  return (batchId: Hex): void => {
    if (running.has(batchId) || ledger.evidence(batchId) === undefined) return;
    running.add(batchId);
    void Promise.all(urls.map((url) => tell(batchId, url))).finally(() => running.delete(batchId));
  };
};

export interface AcceptDeps {
  readonly ledger: Ledger;
  readonly compute: Pick<Compute, "verifyBatch" | "verifyColumn">;
  /** Runs the batch's job, which finds the evidence. */
  readonly wake: (batchId: Hex) => Promise<unknown>;
}

/** True if the frame proves the batch bad; nothing else is kept. */
export const acceptEvidence = async (
  { ledger, compute, wake }: AcceptDeps,
  batchId: Hex,
  column: number,
  frame: Uint8Array,
): Promise<boolean> => {
  const record = ledger.find(batchId);
  const metadata = ledger.metadata(batchId);
  if (ledger.evidence(batchId) !== undefined) return true;
  // Decided: to bring it again changes nothing.
  if (record?.onChain && !mustSample(record)) throw new ZgError("BatchNotOpen", { batchId });
  if (!mustSample(record) || metadata === undefined) throw new ZgError("UnknownBatch", { batchId });
  const opened = await compute.verifyBatch(metadata, record.batch.facts);
  if (!opened.ok) throw new ZgError("CorruptObject", { batchId, why: opened.code });
  const verdict = await compute.verifyColumn(opened.batch, column, frame);
  if (verdict.ok || !isEvidence(verdict.code)) return false;
  await ledger.putEvidence(record.batch, { column, code: verdict.code, frame });
  await wake(batchId);
  return true;
};
