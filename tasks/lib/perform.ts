import { join } from "node:path";
import type { Chain } from "../../adapters/chain.ts";
import type { Log } from "../../adapters/log.ts";
import type { Intent, Outcome } from "../../adapters/outbox.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { openWallet } from "../../workers/wallet.ts";

export interface PerformOptions {
  readonly data: string;
  readonly party: string;
  readonly key: Hex;
  readonly chain: Chain;
  readonly log: Log;
  readonly intent: Intent;
  readonly signal: AbortSignal;
}

const POLL_MS = 100;
/** Another process of the same key took the nonce: planned again in the next one. */
const ATTEMPTS = 3;

/**
 * A transaction with a party's key through its own outbox: beside its worker, if that is running, neither takes the
 * other's nonce. Resolves when it is in a block; a later reorg is the outbox's to mend at the next start.
 */
export async function perform(options: PerformOptions): Promise<Omit<Outcome, "time">> {
  const { data, party, key, chain, log, intent, signal } = options;
  let wake = (): void => undefined;
  const wallet = await openWallet({
    ...{ dir: join(data, party), key, chain, log, pollMs: POLL_MS, idleMs: POLL_MS },
    onMoved: () => wake(),
  });
  const aborted = () => wake();
  signal.addEventListener("abort", aborted);
  try {
    for (let attempt = 1; ; attempt++) {
      const { nonce } = await wallet.plan(intent);
      const outcome = await settled(nonce);
      if (outcome.result === "success") return outcome;
      if (outcome.result === "lost" && attempt < ATTEMPTS) continue;
      const { hash, code, result } = outcome;
      throw new ZgError("ChainReverted", { error: code ?? result, ...(hash !== undefined && { hash }) });
    }
  } finally {
    signal.removeEventListener("abort", aborted);
    await wallet.stop();
  }

  async function settled(nonce: number): Promise<Omit<Outcome, "time">> {
    for (;;) {
      signal.throwIfAborted();
      const moved = new Promise<void>((resolve) => {
        wake = resolve;
      });
      // Read anew each time: a worker beside this task may have written its end down.
      const outcome = (await wallet.slot(nonce))?.outcome;
      if (outcome !== undefined) return outcome;
      if (!signal.aborted) await moved;
    }
  }
}
