/** One validator, asked once for its signature. What comes back is a vote, or nothing yet. */
import { z } from "zod";
import { verifySignature } from "../../adapters/bls.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { ZgError } from "../../protocol/errors.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import type { Vote } from "../records.ts";
import { refusedSocket } from "./socket.ts";
import type { EpochValidator } from "./validators.ts";

export interface Question {
  readonly batchId: Hex;
  readonly seed: Hex;
  /** What an honest validator signs. */
  readonly message: Hex;
  /** Blob keys of the batch in order: a refusal may name a blob by key or by index. */
  readonly blobKeys: readonly Hex[];
}

const Answer = z.object({ signature: z.string(), seed: z.string() });
const MAX_BYTES = 4_096;
/** A signature is made before it is asked for; an answer is a read. */
const DEADLINE_MS = 3_000;

/** Not a vote: it has not finished sampling, or has sampled another fork. */
export interface Waiting {
  readonly waiting: string;
}

export const ask = async (
  client: HttpClient,
  validator: EpochValidator,
  question: Question,
  context: { readonly signal: AbortSignal; readonly now: () => number; readonly inside: boolean },
): Promise<Vote | Waiting> => {
  const { slot, socket, key } = validator;
  const { batchId, seed, message } = question;
  const vote = (outcome: Vote["outcome"], more: Partial<Vote> = {}): Vote => ({
    slot,
    socket,
    seed,
    outcome,
    ...more,
    time: context.now(),
  });
  const refused = refusedSocket(socket, context.inside);
  if (refused !== undefined) return vote("down", { code: "NodeDown", why: `socket refused: ${refused}` });
  try {
    const url = `${socket.replace(/\/+$/, "")}/batches/${batchId}/attestation`;
    const options = { maxBytes: MAX_BYTES, deadlineMs: DEADLINE_MS, signal: context.signal };
    const answer = await client.json(url, Answer, options);
    if (answer.seed.toLowerCase() !== seed) return { waiting: "has sampled another fork" };
    const { signature } = answer;
    if (!isHex(signature, 256) || !verifySignature(key, message, signature)) {
      return vote("garbage", { code: "BadSignature" });
    }
    return vote("signed", { signature: signature.toLowerCase() as Hex });
  } catch (error) {
    const named = asZgError(error);
    const why = reasonOf(named);
    // A refusal of another fork's batch is none of this one.
    const { seed: refusedSeed = seed } = named.fields;
    switch (named.code) {
      case "NotSampled":
      case "NotFound":
      case "UnknownBatch":
      case "Stopping":
        return { waiting: why };
      case "NodeDown":
        return vote("down", { code: named.code, why });
      case "BadResponse":
      case "BadPoint":
        return vote("garbage", { code: named.code, why });
      default: {
        if (named.retryable) return vote("slow", { code: named.code, why });
        if (refusedSeed !== seed) return { waiting: "has sampled another fork" };
        return vote("refused", { code: codeOf(named), why, blobKey: blamed(named, question.blobKeys) });
      }
    }
  }
};

/** The validator's own words, and whom it names: the node that withholds, for one. */
const reasonOf = ({ message, fields: { why, who } }: ZgError): string => {
  const words = typeof why === "string" ? why : message;
  return (typeof who === "string" ? `${words} (${who})` : words).slice(0, 300);
};

/** A validator wraps why it refuses: `SamplingRefused {code: "CommitmentMismatch", …}`. */
const codeOf = ({ code, fields }: ZgError): string => (typeof fields.code === "string" ? fields.code : code);

/** The blob that a refusal names, if it is one of this batch. */
export const blamed = ({ fields }: ZgError, blobKeys: readonly Hex[]): Hex | undefined => {
  if (typeof fields.blobKey === "string") return blobKeys.find((key) => key === String(fields.blobKey).toLowerCase());
  return typeof fields.index === "number" ? blobKeys[fields.index] : undefined;
};
