/** A validator over HTTP: its signature or why there is none, and what it sampled; all that a reader of these needs. */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { createBodies, streamBodies } from "../../adapters/body.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { createHttp, type Http } from "../../adapters/http.ts";
import type { Log } from "../../adapters/log.ts";
import type { Metrics } from "../../adapters/metrics.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { COLUMNS, FRAME_ROW_BYTES, MAX_ROWS_PER_BATCH } from "../../protocol/params.ts";
import { attestationOf } from "./answer.ts";
import type { Ledger } from "./ledger.ts";
import type { Progress } from "./sample.ts";

export interface ValidatorHttpDeps {
  readonly log: Log;
  readonly ledger: Ledger;
  readonly progress: Progress;
  readonly acceptEvidence: (batchId: Hex, column: number, frame: Uint8Array) => Promise<boolean>;
  readonly state: () => Promise<Record<string, unknown>>;
  readonly metrics: Metrics;
  /** Called before the metrics are read. */
  readonly onMetrics?: () => void;
  /** Bytes of evidence in memory at once. */
  readonly maxHeld?: number;
}

const Id = z.object({ id: z.string() });
const IdColumn = Id.extend({
  column: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .refine((column) => column < COLUMNS),
});
const BYTES = "application/octet-stream";
/** Frames of evidence that are checked at once. */
const MAX_IN_FLIGHT = 2;
const MAX_FRAME_BYTES = MAX_ROWS_PER_BATCH * FRAME_ROW_BYTES;
/** Bytes of evidence in memory, from its arrival until it has been checked: some of the longest frames, many short ones. */
const MAX_HELD = 8 * MAX_FRAME_BYTES;

export const createValidatorHttp = (deps: ValidatorHttpDeps): Http => {
  const { log, ledger, progress, metrics } = deps;
  const app = createHttp({ name: "validator", log, bodyLimit: 4_096 });
  const bodies = createBodies(deps.maxHeld ?? MAX_HELD);
  let inFlight = 0;

  app.get("/batches/:id/attestation", { schema: { params: Id } }, async ({ params }) => {
    const id = normalHex(params.id, 32);
    const answer = attestationOf(id, ledger.find(id), progress.get(id));
    crashpoint("signed-not-replied");
    return answer;
  });
  // Whoever withholds rows from readers withholds the metadata, too: without it no column could be placed or proved.
  app.get("/blobs/:id", { schema: { params: Id } }, async ({ params }) => {
    const blobKey = normalHex(params.id, 32);
    const place = ledger.place(blobKey);
    if (place === undefined) throw new ZgError("NotFound", { blobKey });
    return place;
  });
  app.get("/batches/:id/metadata", { schema: { params: Id } }, async ({ params }, reply) => {
    const id = normalHex(params.id, 32);
    const metadata = ledger.metadata(id);
    if (metadata === undefined) throw new ZgError("NotFound", { batchId: id });
    return reply.type(BYTES).send(metadata);
  });
  app.get("/batches/:id/columns", { schema: { params: Id } }, async ({ params }) => {
    const id = normalHex(params.id, 32);
    return { columns: signed(ledger, id) ? ledger.samples(id) : [] };
  });
  app.get("/batches/:id/columns/:column", { schema: { params: IdColumn } }, async ({ params }, reply) => {
    const id = normalHex(params.id, 32);
    // Before the signature is out, what it draws is nobody's business; evidence is everybody's.
    const frame = signed(ledger, id) ? ledger.sample(id, params.column) : undefined;
    const evidence = ledger.evidence(id);
    const found = frame ?? (evidence?.column === params.column ? evidence.frame : undefined);
    if (found === undefined) throw new ZgError("NotFound", { batchId: id, column: params.column });
    return reply.type(BYTES).send(found);
  });
  app.get("/batches/:id/evidence", { schema: { params: Id } }, async ({ params }) => {
    const id = normalHex(params.id, 32);
    const evidence = ledger.evidence(id);
    if (evidence === undefined) throw new ZgError("NotFound", { batchId: id });
    return { batchId: id, column: evidence.column, code: evidence.code, bytes: evidence.frame.length };
  });
  const check = async (batchId: Hex, column: number, frame: Uint8Array): Promise<boolean> => {
    if (inFlight >= MAX_IN_FLIGHT) throw new ZgError("Busy", { inFlight, limit: MAX_IN_FLIGHT });
    inFlight += 1;
    try {
      return await deps.acceptEvidence(batchId, column, frame);
    } finally {
      inFlight -= 1;
    }
  };
  app.register(async (plain) => {
    streamBodies(plain);
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    scope.post("/batches/:id/evidence/:column", { schema: { params: IdColumn } }, async ({ params, body }) => {
      const id = normalHex(params.id, 32);
      const accepted = await bodies.use(body, { limit: MAX_FRAME_BYTES }, (frame) => check(id, params.column, frame));
      return { accepted };
    });
  });
  app.get("/status", deps.state);
  app.get("/metrics", async (_request, reply) => {
    deps.onMetrics?.();
    return reply.header("content-type", metrics.registry.contentType).send(await metrics.text());
  });
  return app;
};

const signed = (ledger: Ledger, batchId: Hex): boolean => ledger.find(batchId)?.outcome?.kind === "signed";
