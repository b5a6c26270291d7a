/** When a miner may answer, and when somebody has to begin the epoch. Pure. */
import { bytesToBig, concat, fromHex, type Hex, word } from "../../protocol/hex.ts";
import { keccak } from "../../protocol/keccak.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { subtaskIndexOf } from "../../protocol/pora.ts";

/** What a deployment fixes about time, in blocks. */
export interface EpochRules {
  readonly firstBlock: number;
  readonly blocksPerEpoch: number;
  readonly subtasks: number;
  readonly subtaskInterval: number;
  /** Of a subtask's window. */
  readonly window: number;
}

/** Blocks [first, last] that take this miner's answers to a context. */
export const windowOf = (
  context: { readonly digest: Hex; readonly mineStart: number },
  minerId: Hex,
  { subtasks, subtaskInterval, window }: EpochRules,
): { readonly first: number; readonly last: number } => {
  const start = context.mineStart + subtaskIndexOf(context.digest, minerId, subtasks) * subtaskInterval;
  return { first: start + 1, last: start + window };
};

/** Could a transaction that is sent now still be mined in time? It comes into the next block at the earliest. */
export const inTime = (latest: number, last: number): boolean => latest + 1 <= last;

/** The epoch that a transaction in the next block would make the context of. */
export const begunEpoch = (latest: number, { firstBlock, blocksPerEpoch }: EpochRules): number =>
  latest <= firstBlock ? 0 : Math.floor((latest - firstBlock) / blocksPerEpoch);

/** Blocks among which miners share who is first to begin an epoch. */
const TURNS = 4;

/**
 * The epoch to be begun by this miner now; undefined: it has been, or it is somebody else's turn. Miners wait for
 * different numbers of blocks, so that one pays and the others see it.
 */
export const epochToRoll = (latest: number, madeEpoch: number, minerId: Hex, rules: EpochRules): number | undefined => {
  const begun = begunEpoch(latest, rules);
  if (begun <= madeEpoch) return undefined;
  const turn = bytesToBig(keccak(concat(fromHex(minerId, HASH_BYTES), word(begun)))) % BigInt(TURNS);
  const since = latest - (rules.firstBlock + begun * rules.blocksPerEpoch);
  return since >= Number(turn) ? begun : undefined;
};
