import type { Handler, Queues } from "../adapters/queue.ts";
import { ZgError } from "../protocol/errors.ts";
import { type Edge, edgesOf, type PayloadOf, route } from "./route.ts";

export type Handlers<Names extends keyof typeof route> = { readonly [Name in Names]: Handler<PayloadOf<Name>> };

/** Gives each edge of a worker its handler; refuses to start when the route has an edge that the worker does not handle. */
export const subscribe = <Names extends keyof typeof route>(
  queues: Pick<Queues, "work">,
  worker: string,
  handlers: Handlers<Names>,
): void => {
  const named = handlers as Readonly<Record<string, Handler<never> | undefined>>;
  const missing = edgesOf(worker).filter((name) => named[name] === undefined);
  const foreign = Object.keys(handlers).filter((name) => !edgesOf(worker).some((own) => own === name));
  if (missing.length + foreign.length > 0) {
    throw new ZgError("BadConfig", { worker, missing: missing.join(" "), foreign: foreign.join(" ") });
  }
  for (const name of edgesOf(worker)) queues.work(route[name] as Edge<never>, named[name] as Handler<never>);
};
