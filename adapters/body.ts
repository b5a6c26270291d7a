/** Bodies that are needed whole, under a budget of bytes: whoever opens many requests and sends slowly takes what was sent. */
import type { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { ZgError } from "../protocol/errors.ts";

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

const BYTES = "application/octet-stream";

/** @param limit bytes of all bodies together; what comes on top is told to come back */
export const createBodies = (limit: number): Bodies => {
  let held = 0;
  return {
    held: () => held,
    use: async (body, options, work) => {
      if (!isStream(body)) throw new ZgError("BadRequest", { why: `the body must be ${BYTES}` });
      const chunks: Uint8Array[] = [];
      let length = 0;
      try {
        // Not destroyed on an early end: the refusal must still reach the sender over the same socket.
        for await (const chunk of body.iterator({ destroyOnReturn: false })) {
          const bytes = chunk as Uint8Array;
          if (length + bytes.length > options.limit) throw new ZgError("BlobTooLarge", { limit: options.limit });
          if (held + bytes.length > limit) throw new ZgError("Busy", { held, limit });
          held += bytes.length;
          length += bytes.length;
          chunks.push(bytes);
        }
      } catch (error) {
        held -= length;
        body.resume();
        if (error instanceof ZgError) throw error;
        throw new ZgError("LengthMismatch", { expected: "a whole body", actual: length }, { cause: error });
      }
      try {
        return await work(Buffer.concat(chunks.splice(0)));
      } finally {
        held -= length;
      }
    },
  };
};

/** Routes of this scope get their bodies as streams, for `Bodies.use`. */
export const streamBodies = (scope: FastifyInstance): void => {
  scope.removeContentTypeParser(BYTES);
  scope.addContentTypeParser(BYTES, (_request, body, done) => done(null, body));
};

const isStream = (body: unknown): body is Readable =>
  typeof body === "object" && body !== null && "iterator" in body && "resume" in body;
