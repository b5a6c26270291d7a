/** JSON-RPC over HTTP, on the base URL as 0G's clients expect it: every answer has status 200, also a refusal. */
import { ZgError } from "../protocol/errors.ts";
import type { Answers } from "./answers.ts";
import { type Bodies, streamBodies } from "./body.ts";
import type { Http } from "./http.ts";
import { type Rpc, rpcBusy, rpcRefusal, rpcTooBig } from "./jsonrpc.ts";
import type { Turns } from "./turns.ts";

/** What a method may ask of the connection that its call came by. */
export interface RpcCall {
  /** Waits for room for so many bytes of the answer; they count until it has been sent. */
  hold(bytes: number): Promise<void>;
  /** Whether nobody waits for the answer any more. */
  gone(): boolean;
}

export interface RpcHttpOptions {
  readonly rpc: Rpc<RpcCall>;
  readonly bodies: Bodies;
  readonly answers: Answers;
  /** Longest body. */
  readonly limit: number;
  /** Before a body is parsed. */
  readonly turns?: Turns;
}

/** Shorter answers are not counted: there are no more of them than connections, and nobody waits for room to say "yes". */
const SHORT = 4_096;

export const serveRpc = (app: Http, { rpc, bodies, answers, limit, turns }: RpcHttpOptions): void => {
  app.register(async (scope) => {
    streamBodies(scope, "application/json");
    scope.post("/", async ({ body }, reply) => {
      let [held, length] = [0, 0];
      const hold = async (bytes: number): Promise<void> => {
        held += bytes;
        await answers.hold(reply.raw, bytes);
      };
      const call: RpcCall = { hold, gone: () => reply.raw.closed };
      /** What its method has not held before. */
      const made = async (bytes: number): Promise<void> => {
        length += bytes;
        if (length > held + SHORT) await hold(length - held);
      };
      reply.type("application/json; charset=utf-8");
      try {
        return await bodies.use(body, { limit }, async (bytes) => {
          await turns?.();
          return rpc.answer(bytes, call, made);
        });
      } catch (error) {
        if (!(error instanceof ZgError)) throw error;
        if (error.code === "BlobTooLarge") return rpcRefusal(rpcTooBig(limit));
        if (error.code === "Busy") return rpcRefusal(rpcBusy(error));
        throw error;
      }
    });
  });
};
