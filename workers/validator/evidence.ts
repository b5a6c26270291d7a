/**
 * A column that hashes to the recorded roots and fails against its published proof convinces whoever sees it. Who finds
 * one hands it to the other validators; each checks it on its own, and does not sign.
 */
import type { Compute } from "../../adapters/compute.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isEvidence } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import { mustSample } from "./record.ts";

const DEADLINE_MS = 10_000;

/** Best effort: the others sample on their own, and the evidence stays here to be asked for. */
export const publisher =
  (deps: { ledger: Ledger; client: HttpClient; others: readonly string[]; log: Log }) =>
  (batchId: Hex): void => {
    const evidence = deps.ledger.evidence(batchId);
    if (evidence === undefined) return;
    for (const url of deps.others) {
      const target = `${url.replace(/\/+$/, "")}/batches/${batchId}/evidence/${evidence.column}`;
      const options = { method: "POST", body: evidence.frame, maxBytes: 4_096, deadlineMs: DEADLINE_MS } as const;
      deps.client
        .request(target, options)
        .catch((error: unknown) => deps.log.debug({ url, error: String(error) }, "evidence not delivered"));
    }
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
  if (!mustSample(record) || metadata === undefined) throw new ZgError("UnknownBatch", { batchId });
  if (ledger.evidence(batchId) !== undefined) return true;
  const opened = await compute.verifyBatch(metadata, record.batch.facts);
  if (!opened.ok) throw new ZgError("CorruptObject", { batchId, why: opened.code });
  const verdict = await compute.verifyColumn(opened.batch, column, frame);
  if (verdict.ok || !isEvidence(verdict.code)) return false;
  await ledger.putEvidence(record.batch, { column, code: verdict.code, frame });
  await wake(batchId);
  return true;
};
