import type { BlobView } from "../../workers/disperser/view.ts";
import { type BatchBound, boundLines } from "./batchBound.ts";
import { bytes, integer } from "./format.ts";

/** Name and value of each line of `status`. Pure. */
export function statusRows(view: BlobView): [string, string][] {
  const optional = (name: string, value: string | number | undefined): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]];
  return [
    ["status", view.status],
    ...optional("code", view.code),
    ...optional(
      "held",
      view.held && `${view.held.code}: ${view.held.why}, since ${new Date(view.held.since).toISOString()}`,
    ),
    ...(view.flags ?? []).map(({ what, block, reporter }): [string, string] => [
      "flag",
      `${what}  block ${integer(block)}  reported by ${reporter}`,
    ]),
    ["request", view.requestId],
    ...optional("blob", view.blobKey),
    ...optional("batch", view.batchId && `${view.batchId}, index ${view.blobIndex}`),
    ...optional("data root", view.dataRoot),
    ["size", `${bytes(view.length)} in ${view.rows} row${view.rows === 1 ? "" : "s"}`],
    ["stored by", view.acks.map(({ url }) => url).join(", ") || "–"],
    ["signed by", view.signatures.map(({ slot }) => `slot ${slot}`).join(", ") || "–"],
    ...optional("retained until block", view.retainUntil && integer(view.retainUntil)),
    ...view.refusals.map(({ who, outcome, code }): [string, string] => [outcome, `${who}${code ? ` ${code}` : ""}`]),
    ...view.events.map(({ stage, time, block, tx, gas, who }): [string, string] => [
      stage,
      [
        new Date(time).toISOString(),
        block === undefined ? "" : `block ${integer(block)}`,
        tx ?? "",
        gas === undefined ? "" : `${integer(gas)} gas`,
        who ?? "",
      ]
        .filter((part) => part !== "")
        .join("  "),
    ]),
  ];
}

/** What a certificate of its batch takes and proves. */
export function certificateRows(bound: BatchBound | null): [string, string][] {
  if (bound === null) return [];
  const [takes, proves] = boundLines(bound);
  return [
    ["certificate", takes],
    ["proves", proves],
  ];
}
