/** DA batches by their id: rows and metadata on their way in, columns and rows on their way out. */
import { Readable } from "node:stream";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Answers } from "../../../adapters/answers.ts";
import { type Bodies, BYTES, streamBodies } from "../../../adapters/body.ts";
import { crashpoint } from "../../../adapters/crashpoint.ts";
import type { Http } from "../../../adapters/http.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type Hex, normalHex } from "../../../protocol/hex.ts";
import {
  EXTENDED_ROW_BYTES,
  MAX_METADATA_BYTES,
  MAX_ROWS_PER_UPLOAD,
  UPLOAD_ROW_BYTES,
} from "../../../protocol/params.ts";
import { metadataBytesOf } from "../../chain-batch.ts";
import type { BlobProofs } from "../batches/blobProofs.ts";
import { type Intake, rowsIn } from "../batches/intake.ts";
import type { Serve } from "../batches/serve.ts";
import type { BatchView } from "../batches/view.ts";
import { lengthIn, mustBe } from "./params.ts";

export interface BatchesDeps {
  readonly intake: Intake;
  readonly serve: Serve;
  readonly blobProofs: BlobProofs;
  readonly view: (batchId: Hex) => BatchView;
  readonly bodies: Bodies;
  readonly answers: Answers;
  /** Uploads that are looked at, and batches that are staged, at once; the next is told to come back. */
  readonly maxInFlight: number;
  readonly taken: (rows: number) => void;
  readonly served: (what: "columns" | "rows", bytes: number) => void;
  /** Counts refused uploads by their code. */
  readonly refusals: <T>(work: Promise<T>) => Promise<T>;
}

export const MAX_UPLOAD_BYTES = MAX_ROWS_PER_UPLOAD * UPLOAD_ROW_BYTES;

const index = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);
const Id = z.object({ id: z.string() });
const IdFrom = Id.extend({ from: index });
const IdRow = Id.extend({ row: index });
const IdBlob = Id.extend({ blob: index });
const IdColumn = Id.extend({ column: index });
const Rows = z.object({
  rows: z
    .string()
    .regex(/^\d{1,4}-\d{1,4}$/)
    .transform((text) => text.split("-").map(Number))
    .transform(([first = 0, last = 0]) => ({ first, last }))
    .optional(),
});

export const serveBatches = (app: Http, deps: BatchesDeps): void => {
  const { intake, serve, bodies, answers, refusals } = deps;
  let inFlight = 0;

  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inFlight >= deps.maxInFlight) throw new ZgError("Busy", { inFlight, limit: deps.maxInFlight });
    inFlight += 1;
    return work().finally(() => {
      inFlight -= 1;
    });
  };
  /** Who sends slowly takes no turn from those who have sent. */
  const upload = (body: unknown, limit: number, work: (bytes: Uint8Array) => Promise<void>): Promise<void> =>
    refusals(bodies.use(body, { limit }, (bytes) => counted(() => work(bytes))));

  // `onRequest` runs before the body is read: a batch that is not known, or bytes it has no place for, cost no memory.
  app.register(async (plain) => {
    streamBodies(plain);
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    scope.put(
      "/batches/:id/metadata",
      {
        schema: { params: Id },
        onRequest: async ({ params, headers }) => {
          const { batch } = intake.open(normalHex((params as { id: string }).id, 32));
          mustBe(metadataBytesOf(batch.facts), headers);
        },
      },
      async ({ params, body }) => {
        const id = normalHex(params.id, 32);
        await upload(body, MAX_METADATA_BYTES, (bytes) => intake.putMetadata(id, bytes));
        return { batchId: id };
      },
    );
    scope.put(
      "/batches/:id/rows/:from",
      {
        schema: { params: IdFrom },
        onRequest: async ({ params, headers }) => {
          const { id, from } = IdFrom.parse(params);
          rowsIn(intake.open(normalHex(id, 32)), from, lengthIn(headers));
        },
      },
      async ({ params, body }) => {
        const id = normalHex(params.id, 32);
        let rows = 0;
        await upload(body, MAX_UPLOAD_BYTES, async (bytes) => {
          await intake.putRows(id, params.from, bytes);
          rows = bytes.length / UPLOAD_ROW_BYTES;
        });
        deps.taken(rows);
        return { batchId: id, from: params.from, rows };
      },
    );
  });
  app.post("/batches/:id/stage", { schema: { params: Id } }, async ({ params }) => {
    const id = normalHex(params.id, 32);
    await refusals(counted(() => intake.stage(id)));
    crashpoint("node-ack-not-sent");
    return { batchId: id, staged: true };
  });

  app.get("/batches/:id", { schema: { params: Id } }, async ({ params }) => deps.view(normalHex(params.id, 32)));
  app.get("/batches/:id/metadata", { schema: { params: Id } }, async ({ params }, reply) => {
    const metadata = serve.metadata(normalHex(params.id, 32));
    await answers.hold(reply.raw, metadata.length);
    return reply.type(BYTES).send(metadata);
  });
  app.get(
    "/batches/:id/columns/:column",
    { schema: { params: IdColumn, querystring: Rows } },
    async ({ params, query }, reply) => {
      const { length, pieces } = await serve.column(normalHex(params.id, 32), params.column, query.rows);
      deps.served("columns", length);
      return reply
        .type(BYTES)
        .header("content-length", length)
        .send(Readable.from(pieces, { objectMode: false }));
    },
  );
  app.get("/batches/:id/rows/:row", { schema: { params: IdRow } }, async ({ params }, reply) => {
    await answers.hold(reply.raw, EXTENDED_ROW_BYTES);
    const bytes = serve.row(normalHex(params.id, 32), params.row);
    deps.served("rows", bytes.length);
    return reply.type(BYTES).send(bytes);
  });
  app.get("/batches/:id/blobs/:blob/proofs", { schema: { params: IdBlob } }, async ({ params }, reply) => {
    const proofs = await deps.blobProofs(normalHex(params.id, 32), params.blob);
    return reply.type(BYTES).send(proofs);
  });
  app.get("/blobs/:id", { schema: { params: Id } }, async ({ params }) => serve.blob(normalHex(params.id, 32)));
  app.get("/kv/:id", { schema: { params: Id } }, async ({ params }, reply) =>
    reply.type(BYTES).send(serve.kv(normalHex(params.id, 32))),
  );
};
