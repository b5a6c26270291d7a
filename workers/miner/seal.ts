/**
 * The edge `seal`: brings a load's data and seals what contexts have sealed of it. Bytes first, then the record that
 * names them: a crash in between costs the work and nothing else. What is missing is left out, and asked for again.
 */
import { crashpoint } from "../../adapters/crashpoint.ts";
import type { Mining } from "../../adapters/mining.types.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { equalBytes, type Hex } from "../../protocol/hex.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import { isEmptySeal, SEAL_BYTES } from "../../protocol/seal.ts";
import { contextsIn, entriesIn, keyOf, type MinerDb } from "./db.ts";
import { gather, type Source } from "./gather.ts";
import { encodeLoad, type Load } from "./load-record.ts";
import { NEW_LOAD, runsOf, type SealWork, sectorOf, toSeal, withSeals } from "./plan.ts";
import type { Vault } from "./vault.ts";

export interface SealDeps {
  readonly db: MinerDb;
  readonly vault: Vault;
  readonly source: Source;
  readonly mining: Pick<Mining, "seal">;
  readonly minerId: Hex;
}

export interface Sealed {
  /** Seals that can be mined now, and those that hold nothing. */
  readonly sealed: number;
  readonly empty: number;
  /** Why some could not be sealed; undefined: nothing is missing. */
  readonly why: ErrorCode | "moved" | undefined;
}

export const sealLoad = async (deps: SealDeps, load: number, signal: AbortSignal): Promise<Sealed> => {
  const { db, vault } = deps;
  const before = vault.record(load);
  const work = toSeal(load, before, contextsIn(db, load));
  if (work.length === 0) return { sealed: 0, empty: 0, why: undefined };

  const wanted = new Set(work.map(({ seal }) => seal));
  const { data, lacking, why } = await gather(deps.source, load, entriesIn(db, load), wanted, signal);
  const here = work.filter(({ seal }) => !lacking.has(seal));
  const empty = here.filter(({ seal }) => isEmptySeal(sealIn(data, seal)));
  const full = here.filter((item) => !empty.includes(item));
  if (here.length === 0) return { sealed: 0, empty: 0, why };

  const slot = full.length === 0 ? before.slot : await writeSealed(deps, load, before, data, full);
  signal.throwIfAborted();
  crashpoint("miner-load-written");
  const kept = await record(deps, load, before, withSeals(before, slot, full, empty), here);
  if (!kept) {
    // A reorg came in between: what was sealed is of contexts that are gone.
    if (slot !== null && before.slot === null) vault.free(slot);
    return { sealed: 0, empty: 0, why: "moved" };
  }
  crashpoint("miner-load-recorded");
  vault.show(load);
  return { sealed: full.length, empty: empty.length, why };
};

const sealIn = (data: Uint8Array, seal: number): Uint8Array =>
  data.subarray(seal * SEAL_BYTES, (seal + 1) * SEAL_BYTES);

/** Seals that are there already are written again as they are, so a torn write hurts none of them. */
const writeSealed = async (
  { vault, mining, minerId }: SealDeps,
  load: number,
  before: Load,
  data: Uint8Array,
  work: readonly SealWork[],
): Promise<number> => {
  const bytes = new Uint8Array(SEGMENT_BYTES);
  if (before.slot !== null) bytes.set(await vault.read(before.slot));
  for (const run of runsOf(work)) {
    const [first, last] = [run[0]?.seal ?? 0, run.at(-1)?.seal ?? 0];
    const plain = data.subarray(first * SEAL_BYTES, (last + 1) * SEAL_BYTES);
    const contexts = run.map(({ context }) => context);
    const sealed = await mining.seal(plain, { minerId, startSector: sectorOf(load, first), contexts });
    bytes.set(sealed, first * SEAL_BYTES);
  }
  const slot = before.slot ?? vault.take();
  try {
    await vault.write(slot, bytes);
  } catch (error) {
    if (before.slot === null) vault.free(slot);
    throw error;
  }
  return slot;
};

/** False: the chain took back a context, or another job changed the load, since the work began. */
const record = (
  { db }: SealDeps,
  load: number,
  before: Load,
  after: Load,
  work: readonly SealWork[],
): Promise<boolean> =>
  db.store.write((tx) => {
    const now = db.read(tx, "loads", keyOf(load)) ?? NEW_LOAD;
    if (!equalBytes(encodeLoad(now), encodeLoad(before))) return false;
    const standing = new Set(contextsIn(db, load).map(({ digest }) => digest));
    if (!work.every(({ context }) => standing.has(context))) return false;
    db.put(tx, "loads", keyOf(load), after);
    return true;
  });
