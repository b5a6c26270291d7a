/** Seals as a miner makes them: what seal.ts says, through the kernel of miningWasm.ts, up to a whole load at a time. */
import { ZgError } from "./errors.ts";
import { concat, fromHex, type Hex, word } from "./hex.ts";
import { keccakEach } from "./keccak.ts";
import { AT, type MiningKernel } from "./miningWasm.ts";
import { HASH_BYTES } from "./params.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, SECTORS_PER_SEAL } from "./seal.ts";

/** Whom, from where on and by which contexts seals that lie one behind the other are made. */
export interface SealTask {
  readonly minerId: Hex;
  /** First sector of the first seal, in the log: a multiple of 16. */
  readonly startSector: number;
  /** Of each seal, the digest of the context that sealed its last sector: 1 to 64. */
  readonly contexts: readonly Hex[];
}

/** Seals in place. */
export function sealInto(kernel: MiningKernel, bytes: Uint8Array, task: SealTask): void {
  checkSealing(bytes, task);
  apply(kernel, kernel.seal, bytes, task);
}

/** Unseals in place. */
export function unsealInto(kernel: MiningKernel, bytes: Uint8Array, task: SealTask): void {
  checkSealing(bytes, task);
  apply(kernel, kernel.unseal, bytes, task);
}

function apply(kernel: MiningKernel, work: MiningKernel["seal"], bytes: Uint8Array, task: SealTask): void {
  const memory = new Uint8Array(kernel.memory.buffer);
  memory.set(bytes, AT.load);
  memory.set(firstMasks(task), AT.masks);
  // Of an odd number the last has a neighbour of old bytes, which nobody reads.
  work(AT.load, AT.masks, Math.ceil(task.contexts.length / 2));
  bytes.set(memory.subarray(AT.load, AT.load + bytes.length));
}

/** keccak(minerId ‖ context ‖ position) of each seal. */
function firstMasks({ minerId, startSector, contexts }: SealTask): Uint8Array {
  const id = fromHex(minerId, HASH_BYTES);
  let context = "";
  let digest: Uint8Array = new Uint8Array(0);
  const messages = contexts.map((own, i) => {
    // Neighbours mostly have the same.
    if (own !== context) [digest, context] = [fromHex(own, HASH_BYTES), own];
    return concat(id, digest, word(startSector + i * SECTORS_PER_SEAL));
  });
  return keccakEach(concat(...messages), 3 * HASH_BYTES);
}

/** Can this be sealed? */
export function checkSealing(bytes: Uint8Array, { minerId, startSector, contexts }: SealTask): void {
  const aligned = Number.isSafeInteger(startSector) && startSector >= 0 && startSector % SECTORS_PER_SEAL === 0;
  if (!aligned) throw new ZgError("BadRequest", { startSector });
  const seals = contexts.length;
  if (seals < 1 || seals > SEALS_PER_LOAD) throw new ZgError("BadRequest", { seals, atMost: SEALS_PER_LOAD });
  if (bytes.length !== seals * SEAL_BYTES) {
    throw new ZgError("LengthMismatch", { expected: seals * SEAL_BYTES, actual: bytes.length });
  }
  for (const hash of [minerId, ...contexts]) fromHex(hash, HASH_BYTES);
}
