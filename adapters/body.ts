/** Bodies that are needed whole, under a budget of bytes: whoever opens many requests and sends slowly takes what was sent. */
import type { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { ZgError } from "../protocol/errors.ts";
import { type BudgetOptions, createBudget } from "./budget.ts";

export interface Bodies {
  /**
   * Reads a request's body and works with it; its bytes are counted from their arrival until the work is done.
   *
   * @param body what a route under `streamBodies` is given as `request.body`
   */
  use<T>(body: unknown, options: { readonly limit: number }, work: (bytes: Uint8Array) => Promise<T>): Promise<T>;
  /** Bytes in memory now. */
  held(): number;
}

export const BYTES = "application/octet-stream";

/** @param limit bytes of all bodies together; what comes on top waits, or is told to come back */
export const createBodies = (limit: number, options: BudgetOptions = {}): Bodies => {
  const budget = createBudget(limit, options);
  return {
    held: budget.held,
    use: async (body, { limit: longest }, work) => {
      if (!isStream(body)) throw new ZgError("BadRequest", { why: "the body is missing, or of another type" });
      const lease = budget.open(() => body.destroy(new ZgError("Busy", { why: "the body came too slowly", limit })));
      try {
        const bytes = await read(body, longest, lease.take);
        lease.settle();
        return await work(bytes);
      } finally {
        lease.close();
      }
    },
  };
};

const read = async (body: Readable, limit: number, take: (bytes: number) => Promise<void>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Not destroyed on an early end: the refusal must still reach the sender over the same socket.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      if (length + bytes.length > limit) throw new ZgError("BlobTooLarge", { limit });
      await take(bytes.length);
      length += bytes.length;
      chunks.push(bytes);
    }
  } catch (error) {
    body.resume();
    if (error instanceof ZgError) throw error;
    throw new ZgError("LengthMismatch", { expected: "a whole body", actual: length }, { cause: error });
  }
  return Buffer.concat(chunks.splice(0), length);
};

/** Routes of this scope get their bodies of this type as streams, for `Bodies.use`. */
export const streamBodies = (scope: FastifyInstance, type = BYTES): void => {
  if (scope.hasContentTypeParser(type)) scope.removeContentTypeParser(type);
  scope.addContentTypeParser(type, (_request, body, done) => done(null, body));
};

const isStream = (body: unknown): body is Readable =>
  typeof body === "object" && body !== null && "iterator" in body && "resume" in body;
