/**
 * A key of its own, for a party that sends transactions now and then: an outbox in the party's folder and the loop that
 * sends what it holds. What was planned is sent whatever happens to the process, once, one nonce after the other.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Wallet } from "ethers";
import { openBucket } from "../adapters/bucket.ts";
import type { Chain } from "../adapters/chain.ts";
import type { Log } from "../adapters/log.ts";
import { startLoop } from "../adapters/loop.ts";
import { type Intent, type Outbox, openOutbox, type SlotView } from "../adapters/outbox.ts";
import type { Hex } from "../protocol/hex.ts";

export interface WalletOptions {
  /** The party's folder. */
  readonly dir: string;
  /** Private key. Nobody else sends with it. */
  readonly key: Hex;
  readonly chain: Chain;
  readonly log: Log;
  /** How often it looks after what is on its way, ms. */
  readonly pollMs: number;
  /** How often it looks when nothing is, ms. */
  readonly idleMs: number;
  /** A transaction is on its way, in a block, or has ended; also when what is planned has ended already. */
  readonly onMoved?: (slot: SlotView) => void;
}

export interface PartyWallet {
  readonly address: Hex;
  /** Durable on resolve, then sent. An intent of the same id that has not failed for good is the same transaction. */
  plan(intent: Intent): Promise<{ readonly nonce: number }>;
  slot: Outbox["slot"];
  /** Transactions planned, and not final yet. */
  open(): number;
  /** Is one of this kind planned that is in no block yet? */
  isWaiting(kind: string): boolean;
  stop(): Promise<void>;
}

/** Slots this far below the finalized nonce are looked through at the start: their end may not be written down yet. */
const LOOK_BACK = 64;

export const openWallet = async (options: WalletOptions): Promise<PartyWallet> => {
  const { chain, log, pollMs, idleMs } = options;
  const folder = join(options.dir, "wallet");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bucket = await openBucket(pathToFileURL(folder).href);
  const outbox = await openOutbox({ bucket, chain, wallet: new Wallet(options.key), log });
  const open = new Map<number, { readonly kind: string; readonly isMined: boolean }>();
  const keep = ({ nonce, intent, state }: SlotView): void => {
    if (state === "final") open.delete(nonce);
    else open.set(nonce, { kind: intent.kind, isMined: state === "mined" });
  };
  const finalNonce = await chain.nonce(outbox.address, await chain.finalized());
  for await (const slot of outbox.slots({ from: Math.max(0, finalNonce - LOOK_BACK) })) keep(slot);

  let looked = Number.NEGATIVE_INFINITY;
  const loop = startLoop({
    ...{ name: "wallet", everyMs: pollMs, log },
    run: async (signal) => {
      if (open.size === 0 && performance.now() - looked < idleMs) return;
      for (const slot of await outbox.step(signal)) {
        keep(slot);
        options.onMoved?.(slot);
      }
      looked = performance.now();
    },
  });

  return {
    address: outbox.address,
    plan: async (intent) => {
      const planned = await outbox.enqueue(intent);
      const { nonce } = planned;
      // Open before it is looked at: a step may see its end in between, and says so once.
      if (!open.has(nonce)) open.set(nonce, { kind: intent.kind, isMined: false });
      const slot = await outbox.slot(nonce);
      if (slot?.state === "final") {
        keep(slot);
        options.onMoved?.(slot);
      }
      // The outcome is in the outbox; a chain that is away is the loop's to report.
      loop.poke().catch(() => undefined);
      return planned;
    },
    slot: (nonce) => outbox.slot(nonce),
    open: () => open.size,
    isWaiting: (kind) => [...open.values()].some((slot) => slot.kind === kind && !slot.isMined),
    stop: async () => {
      await loop.stop();
      await bucket.close();
    },
  };
};
