/** Our answers on their way, and what becomes of them. */
import type { Log } from "../../adapters/log.ts";
import type { SlotView } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { MinerDb } from "./db.ts";
import { updateHit } from "./hits.ts";

/** By the id of their intent: the pricing chunk that they take half of. */
export type Flying = Map<string, number>;

const PREFIX = "answer-";

/** Called whenever a transaction of the miner's is in a block, or has ended. */
export const createLanding =
  ({ flying, db, log }: { readonly flying: Flying; readonly db: MinerDb; readonly log: Log }) =>
  ({ intent, state, outcome }: SlotView): void => {
    if (!intent.id.startsWith(PREFIX) || (state !== "mined" && state !== "final")) return;
    flying.delete(intent.id);
    if (state !== "final" || outcome === undefined || outcome.result === "success") return;
    log.warn({ intent: intent.id, ...outcome }, "answer not taken");
    const dropped = outcome.code ?? outcome.result;
    updateHit(db, intent.id.slice(PREFIX.length) as Hex, { dropped }).catch((error: unknown) =>
      log.warn({ error, intent: intent.id }, "not written down"),
    );
  };
