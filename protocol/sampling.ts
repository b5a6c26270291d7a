import { drawColumns } from "./column.ts";
import { bigToBytes, bytesToBig, concat, fromHex, type Hex, toHex, word } from "./hex.ts";
import { keccak, keccakHex, keccakText } from "./keccak.ts";

/**
 * What a validator samples of a batch, and what an audit asks of it: contracts/libraries/Draw.sol. Both follow from values
 * that nobody could choose: the validator's signature over the batch, and a block hash from after it signed.
 */
const ROW_TAG = keccakText("0G-DA/sample-row/v1");
const AUDIT_TAG = keccakText("0G-DA/audit/v1");
const AUDIT_CELL_TAG = keccakText("0G-DA/audit-cell/v1");
const BPS = 10_000n;

/** Of what `DAEntrance` keeps a hash at confirmation; the three stand in `BatchConfirmed`. */
export interface Certificate {
  readonly seed: Hex;
  readonly auditSeed: Hex;
  /** Bit i: slot i did not sign. */
  readonly absent: bigint;
}

/** A cell of a batch: row counted through the batch, and column. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** What `DAEntrance.record` has of it. */
export function certificateHash({ seed, auditSeed, absent }: Certificate): Hex {
  return keccakHex(concat(fromHex(seed, 32), fromHex(auditSeed, 32), bigToBytes(absent, 32)));
}

/** The cells that are the tickets of the first `samples` samples: one in each sampled column, in order. */
export function ticketCells(signature: Hex, samples: number, rowCount: number): CellPlace[] {
  const hash = keccak(fromHex(signature, 256));
  return drawColumns(signature, samples).map((column, index) => ({
    row: Number(bytesToBig(keccak(concat(ROW_TAG, hash, word(index)))) % BigInt(rowCount)),
    column,
  }));
}

/** Whether the audit asks the slot: with a chance of `auditBps` in 10,000. */
export function isAudited(auditSeed: Hex, slot: number, auditBps: number): boolean {
  return bytesToBig(keccak(concat(AUDIT_TAG, fromHex(auditSeed, 32), word(slot)))) % BPS < BigInt(auditBps);
}

/** Which of its samples, and in which row, an audited slot has to show. */
export function auditedSample(
  auditSeed: Hex,
  slot: number,
  samples: number,
  rowCount: number,
): { readonly index: number; readonly row: number } {
  const drawn = bytesToBig(keccak(concat(AUDIT_CELL_TAG, fromHex(auditSeed, 32), word(slot))));
  return { index: Number((drawn % 2n ** 128n) % BigInt(samples)), row: Number((drawn >> 128n) % BigInt(rowCount)) };
}

/** The cell that the audit asks of the slot whose signature this is. */
export function auditedCell(
  auditSeed: Hex,
  slot: number,
  signature: Hex,
  samples: number,
  rowCount: number,
): CellPlace {
  const { index, row } = auditedSample(auditSeed, slot, samples, rowCount);
  return { row, column: drawColumns(signature, index + 1)[index] as number };
}

/** Whether the slot still has to answer: it is asked, it signed, and it is not settled (`DASampling.settledOf`). */
export function mustAnswer(certificate: Certificate, slot: number, auditBps: number, settled: bigint): boolean {
  const signed = ((certificate.absent >> BigInt(slot)) & 1n) === 0n;
  const open = ((settled >> BigInt(slot)) & 1n) === 0n;
  return signed && open && isAudited(certificate.auditSeed, slot, auditBps);
}

/** keccak256 of a signature's 256 bytes: what stands for it in tickets. */
export function signatureHash(signature: Hex): Hex {
  return toHex(keccak(fromHex(signature, 256)));
}
