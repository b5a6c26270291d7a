/** An entry of the log as `Flow`'s `Submit` tells of it. */
import { z } from "zod";
import type { ChainEvent } from "../adapters/chain.ts";
import { ZgError } from "../protocol/errors.ts";
import { type FlowNode, fileRootOf, identityOf } from "../protocol/flow.ts";
import { type Hex, isHex, normalHex } from "../protocol/hex.ts";

export interface Entry {
  readonly txSeq: number;
  /** The authenticated submitter, lower case. */
  readonly sender: Hex;
  /** keccak of the node roots. */
  readonly identity: Hex;
  /** The file's root: its node roots folded. */
  readonly root: Hex;
  /** First sector in the log. */
  readonly start: number;
  /** Padded. */
  readonly sectors: number;
  /** Bytes of the file. */
  readonly length: number;
  readonly tags: Hex;
  readonly nodes: readonly FlowNode[];
  readonly block: { readonly number: number; readonly hash: Hex };
  readonly transactionHash: Hex;
}

const count = z
  .bigint()
  .nonnegative()
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number);
const hex = (bytes?: number) =>
  z.custom<Hex>((value) => isHex(value, bytes)).transform((value) => normalHex(value, bytes));

const Submit = z.object({
  sender: hex(20),
  identity: hex(32),
  submissionIndex: count,
  startPos: count,
  length: count,
  submission: z.object({
    length: count,
    tags: hex(),
    nodes: z
      .array(z.object({ root: hex(32), height: count }))
      .min(1)
      .max(64),
  }),
});

/** Its identity and size are recomputed, so a chain that answers nonsense is noticed here. */
export const entryOf = (event: ChainEvent): Entry => {
  const parsed = Submit.safeParse(event.args);
  if (!parsed.success) throw new ZgError("BadResponse", { what: "Submit", tx: event.transactionHash });
  const { sender, identity, submissionIndex: txSeq, startPos: start, length: sectors, submission } = parsed.data;
  const { length, tags, nodes } = submission;
  const own = nodes.reduce((sum, { height }) => sum + 2 ** height, 0);
  if (identityOf(nodes) !== identity || own !== sectors) throw new ZgError("BadResponse", { what: "Submit", txSeq });
  return {
    ...{ txSeq, sender, identity, root: fileRootOf(nodes), start, sectors, length, tags, nodes },
    block: { number: event.blockNumber, hash: normalHex(event.blockHash, 32) },
    transactionHash: normalHex(event.transactionHash, 32),
  };
};
