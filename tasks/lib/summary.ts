import { paddedSectors } from "../../protocol/flow.ts";
import { SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "../../protocol/params.ts";
import { log2, lossBound } from "../../protocol/quorum.ts";
import { bytes, duration, integer, percent, rate } from "./format.ts";
import type { Receipt } from "./receipt.ts";

export interface SummaryParts {
  readonly receipt: Receipt;
  readonly batchRows: number | undefined;
  readonly validators: number;
  readonly samples: number;
  /** Request sent → goal reached. */
  readonly disperseMs: number;
  readonly path: string;
}

/** Name and value of each line of the table at the end. Pure: cli-table3 draws it in render.ts. */
export function summaryOf(parts: SummaryParts): [string, string][] {
  const { receipt, batchRows, validators, samples, disperseMs, path } = parts;
  const { retrieved, stake } = receipt;
  const gas = (kind: string) =>
    receipt.transactions.filter((tx) => tx.kind === kind).reduce((sum, tx) => sum + (tx.gas ?? 0), 0);
  return [
    ["blob", receipt.blobKey],
    ["batch", receipt.batchId === null ? "–" : `${receipt.batchId}, index ${receipt.blobIndex}`],
    ["status", receipt.status],
    ["file", `${bytes(receipt.length)} in ${receipt.rows} row${receipt.rows === 1 ? "" : "s"}`],
    ...(batchRows === undefined ? [] : [["log use", logUse(batchRows)] as [string, string]]),
    ["samples", samplesLine(receipt.signedBy.length, validators, samples)],
    ["stake signed", stake === null ? "–" : percent(BigInt(stake.signed), BigInt(stake.total))],
    ["gas", `submit ${integer(gas("submit"))}, confirm ${integer(gas("confirm"))}`],
    ["dispersed in", `${duration(disperseMs)}, ${rate(receipt.length, disperseMs)}`],
    [
      "retrieved in",
      retrieved === null
        ? "not retrieved"
        : `${duration(retrieved.ms)}, ${rate(retrieved.bytes, retrieved.ms)}, every byte equal`,
    ],
    ["receipt", path],
  ];
}

/** Rows of the batch, of the rows that 0G's padding pays for. */
export function logUse(batchRows: number): string {
  const paid = paddedSectors(batchRows * SEGMENT_BYTES) / SECTORS_PER_SEGMENT;
  return `${batchRows} of ${paid} rows paid for (${(batchRows / paid).toFixed(2)})`;
}

function samplesLine(signed: number, validators: number, samples: number): string {
  const bound = validators === 0 ? "" : `; loss at most 2^${Math.ceil(log2(lossBound(validators, samples).loss))}`;
  return `${signed} of ${validators} validators × ${samples} of 128 columns${bound}`;
}
