/** What becomes of the blobs of a batch that got no quorum. Pure. */
import type { ErrorCode } from "../../protocol/errors.ts";
import { isErrorCode } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { NodeAnswer, Vote } from "../records.ts";
import type { Validator } from "./quorum.ts";

/** Attempts 0, 1 and 2: a third failure is the blob's end. */
export const MAX_ATTEMPTS = 3;

export type Fate =
  | { readonly kind: "again" }
  | { readonly kind: "failed"; readonly code: ErrorCode }
  | { readonly kind: "insufficient" };

export interface Post {
  readonly blobs: readonly { readonly requestId: Hex; readonly blobKey: Hex }[];
  readonly attempt: number;
  readonly answers: readonly NodeAnswer[];
  readonly nodes: number;
  readonly votes: readonly Vote[];
  readonly validators: readonly Validator[];
}

/** The fate of each blob, in the order of the batch. */
export const fatesOf = (post: Post): Fate[] => {
  const named = post.blobs.map(({ blobKey }) => namedBy(post, blobKey));
  return named.map((code): Fate => {
    if (code !== undefined) return { kind: "failed", code };
    return post.attempt + 1 < MAX_ATTEMPTS ? { kind: "again" } : { kind: "insufficient" };
  });
};

/** What was sent is wrong, not what was recorded: the sender's fault, and no reason to give up a blob. */
const FAULTS_OF_THE_UPLOAD: readonly (string | undefined)[] = [
  "SegmentRootMismatch",
  "MetadataRootMismatch",
  "LengthMismatch",
] satisfies ErrorCode[];

/**
 * The code under which a blob was refused by name, if enough refused it: more than half of the nodes, or as much stake as
 * can prevent a quorum. One liar among them ends nobody's blob.
 */
const namedBy = (post: Post, blobKey: Hex): ErrorCode | undefined => {
  const names = (refusal: NodeAnswer | Vote): boolean =>
    refusal.outcome === "refused" && refusal.blobKey === blobKey && !FAULTS_OF_THE_UPLOAD.includes(refusal.code);
  const nodes = post.answers.filter(names);
  const votes = post.votes.filter(names);
  const slots = new Set(votes.map(({ slot }) => slot));
  const total = post.validators.reduce((sum, { stake }) => sum + stake, 0n);
  const against = post.validators.reduce((sum, { slot, stake }) => (slots.has(slot) ? sum + stake : sum), 0n);
  const enough = nodes.length * 2 > post.nodes || (total > 0n && 3n * against >= total);
  if (!enough) return undefined;
  const code = [...nodes, ...votes].map((refusal) => refusal.code).find(isErrorCode);
  return code ?? "SamplingRefused";
};
