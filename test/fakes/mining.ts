/** Mining by the book: the protocol's own functions, one seal and one nonce after the other, in the test's own thread. */
import { open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { placeIn } from "../../adapters/mining.loads.ts";
import type { Mining } from "../../adapters/mining.types.ts";
import { bigToBytes, toHex } from "../../protocol/hex.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import { ticketsOf, trialOf } from "../../protocol/pora.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, SECTORS_PER_SEAL, seal, unseal } from "../../protocol/seal.ts";

export const plainMining = (): Mining => {
  let [nonce, trials, hits] = [0n, 0, 0];
  const each = (bytes: Uint8Array, work: (part: Uint8Array, i: number) => Uint8Array): Uint8Array => {
    const out = new Uint8Array(bytes.length);
    for (let at = 0; at < bytes.length; at += SEAL_BYTES) {
      out.set(work(bytes.subarray(at, at + SEAL_BYTES), at / SEAL_BYTES), at);
    }
    return out;
  };
  return {
    seal: async (data, { minerId, startSector, contexts }) =>
      each(data, (part, i) => {
        const position = startSector + i * SECTORS_PER_SEAL;
        return seal(part, { minerId, contextDigest: contexts[i] as `0x${string}`, position });
      }),
    unseal: async (sealed, { minerId, startSector, contexts }) =>
      each(sealed, (part, i) => {
        const position = startSector + i * SECTORS_PER_SEAL;
        return unseal(part, { minerId, contextDigest: contexts[i] as `0x${string}`, position });
      }),
    mine: async ({ work, target, path, loads, trials: most = Number.POSITIVE_INFINITY }, onHit, signal) => {
      const file = await open(path, "r");
      try {
        for (let done = 0; done < most && !signal.aborted; done++) {
          nonce += 1n;
          trials += 1;
          const name = toHex(bigToBytes(nonce, 32));
          const trial = trialOf(work, name);
          if (trial.position !== undefined) {
            const { shard, slots, filled } = loads.table();
            const place = placeIn(shard, trial.position / 1024);
            const slot = slots[place] ?? 0;
            if (place >= 0 && slot > 0) {
              const load = Buffer.alloc(SEGMENT_BYTES);
              await file.read(load, 0, SEGMENT_BYTES, (slot - 1) * SEGMENT_BYTES);
              const here = (i: number): boolean => ((filled[8 * place + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0;
              const seals = Array.from({ length: SEALS_PER_LOAD }, (_, i) =>
                here(i) ? new Uint8Array(load.subarray(i * SEAL_BYTES, (i + 1) * SEAL_BYTES)) : undefined,
              );
              for (const ticket of ticketsOf(trial, seals, target)) {
                hits += 1;
                onHit({ ...ticket, nonce: name });
              }
            }
          }
          await setImmediate();
        }
      } finally {
        await file.close();
      }
    },
    counts: () => ({ trials, read: trials, tickets: 64 * trials, hits, cpuMs: 0 }),
    close: async () => undefined,
  };
};
