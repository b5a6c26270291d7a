import { log2, lossBound } from "../../protocol/quorum.ts";
import { bytes, duration, integer, percent, rate } from "./format.ts";
import { type LogGrowth, logUse } from "./logUse.ts";
import type { Receipt } from "./receipt.ts";

export interface SummaryParts {
  readonly receipt: Receipt;
  readonly batchRows: number | undefined;
  readonly growth: LogGrowth | undefined;
  readonly validators: number;
  readonly samples: number;
  /** Request sent → goal reached. */
  readonly disperseMs: number;
  readonly path: string;
}

/** Name and value of each line of the table at the end. Pure: cli-table3 draws it in render.ts. */
export function summaryOf(parts: SummaryParts): [string, string][] {
  const { receipt, batchRows, growth, validators, samples, disperseMs, path } = parts;
  const { retrieved, stake } = receipt;
  const gas = (kind: string) =>
    receipt.transactions.filter((tx) => tx.kind === kind).reduce((sum, tx) => sum + (tx.gas ?? 0), 0);
  return [
    ["blob", receipt.blobKey],
    ["batch", receipt.batchId === null ? "–" : `${receipt.batchId}, index ${receipt.blobIndex}`],
    ["status", receipt.status],
    ["file", `${bytes(receipt.length)} in ${receipt.rows} row${receipt.rows === 1 ? "" : "s"}`],
    ["log use", batchRows === undefined || growth === undefined ? "–" : logUse(batchRows, growth)],
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

function samplesLine(signed: number, validators: number, samples: number): string {
  const bound = validators === 0 ? "" : `; loss at most 2^${Math.ceil(log2(lossBound(validators, samples).loss))}`;
  return `${signed} of ${validators} validators × ${samples} of 128 columns${bound}`;
}
