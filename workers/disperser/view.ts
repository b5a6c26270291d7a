/** What a user sees of a blob: the shape of `GET /blobs/:id`, which the OpenAPI page is made from. */
import { z } from "zod";

const hex = z.string().regex(/^0x[0-9a-f]*$/);

export const BlobEvent = z.object({
  stage: z.enum([
    "accepted",
    "encoded",
    "planned",
    "submitted",
    "stored",
    "sampled",
    "confirmed",
    "finalized",
    "reorged",
    "failed",
    "flagged",
    "ended",
  ]),
  time: z.number().describe("milliseconds since 1970, by the clock of the disperser"),
  batchId: hex.optional(),
  block: z.number().optional(),
  tx: hex.optional(),
  gas: z.number().optional(),
  who: z.string().optional().describe("URL of the storage node or validator; account that reported a flag"),
  why: z.string().optional(),
});
export type BlobEvent = z.infer<typeof BlobEvent>;

export const BlobView = z.object({
  requestId: hex,
  blobKey: hex.optional(),
  batchId: hex.optional(),
  blobIndex: z.number().optional(),
  status: z.enum([
    "PROCESSING",
    "ENCODED",
    "SUBMITTED",
    "STORED",
    "CONFIRMED",
    "FINALIZED",
    "FAILED",
    "INSUFFICIENT_SIGNATURES",
  ]),
  dataRoot: hex.optional(),
  commitment: hex.optional(),
  length: z.number(),
  rows: z.number(),
  account: hex,
  salt: hex,
  attempt: z.number().describe("0 for the first batch the blob was packed into"),
  batchRows: z.number().optional(),
  batchBlobs: z.number().optional(),
  code: z.string().optional().describe("why a blob FAILED"),
  charged: z.boolean().optional(),
  retry: z.boolean().optional(),
  held: z
    .object({ code: z.string(), why: z.string(), since: z.number(), retry: z.boolean() })
    .optional()
    .describe("why a blob that is ENCODED is not submitted at present; it will be when the reason is gone"),
  stake: z.object({ signed: z.string(), total: z.string() }).optional().describe("wei, as confirmed on chain"),
  retainUntil: z.number().optional().describe("last block in which nodes must hold the batch"),
  flags: z
    .array(
      z.object({ what: z.enum(["BlobCorrupt", "Withheld"]), batchId: hex, reporter: hex, block: z.number(), tx: hex }),
    )
    .optional()
    .describe(
      "what was proved on chain after the certificate: the blob encodes nothing, or a cell of its batch is withheld",
    ),
  events: z.array(BlobEvent),
  acks: z.array(z.object({ node: z.string(), url: z.string(), time: z.number() })),
  signatures: z.array(z.object({ slot: z.number(), socket: z.string(), time: z.number() })),
  refusals: z
    .array(
      z.object({
        who: z.string(),
        outcome: z.enum(["refused", "garbage", "slow", "down"]),
        code: z.string().optional(),
        why: z.string().optional(),
        time: z.number(),
      }),
    )
    .describe("who refused by name, gave a wrong signature, was late, or did not answer"),
});
export type BlobView = z.infer<typeof BlobView>;
