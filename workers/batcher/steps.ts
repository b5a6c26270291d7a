/** Which jobs an open batch needs, from what the chain says of it. Pure: events, heads and the reconciler all ask here. */
import type { OpenBatch } from "./open.ts";

export interface Clock {
  readonly latest: number;
  readonly finalized: number;
}

export type Job =
  | { readonly edge: "upload"; readonly node: string }
  | { readonly edge: "collect" }
  | { readonly edge: "finalize" }
  | { readonly edge: "fail" };

export const jobsFor = (batch: OpenBatch, { latest, finalized }: Clock, nodes: number): Job[] => {
  const { submitted, confirmed, failed } = batch;
  if (submitted === null) return [];
  // What nodes still lack after the confirmation is brought to them by replicas.ts, also when the batch is closed.
  if (confirmed !== null) return finalized >= confirmed.block ? [{ edge: "finalize" }] : [];
  if (failed !== null) return finalized >= failed.block ? [{ edge: "fail" }] : [];
  if (latest > submitted.deadline) return [{ edge: "fail" }];
  const uploads = Array.from({ length: nodes }, (_, node): Job => ({ edge: "upload", node: String(node) }));
  return [...uploads, { edge: "collect" }];
};
