import type { Hex } from "../hex.ts";
import { nameOf, type OpType } from "./ops.ts";

/** What became of an entry on one stream. The names, and the texts below, are 0G's where it has the case. */
export type Result =
  | { readonly code: "Commit" }
  | { readonly code: "DataParseError"; readonly why: string }
  | { readonly code: "VersionConfliction" }
  | { readonly code: "TagsMismatch" }
  | { readonly code: "SenderNoWritePermission" }
  | { readonly code: "WritePermissionDenied"; readonly stream: Hex; readonly key: Uint8Array }
  | {
      readonly code: "AccessControlPermissionDenied";
      readonly type: OpType;
      readonly stream: Hex;
      readonly key: Uint8Array | undefined;
      readonly account: Hex | undefined;
    }
  /** An admin withdrew the entry. */
  | { readonly code: "Voided" };

/** Not a verdict: the entry, or one before it on the stream, waits for its data. */
export const AWAITING = "AwaitingData";

export function textOf(result: Result): string {
  switch (result.code) {
    case "DataParseError":
      return `DataParseError: ${result.why}`;
    case "WritePermissionDenied":
      return `WritePermissionDenied: stream: ${result.stream}, key: ${shortKey(result.key)}`;
    case "AccessControlPermissionDenied":
      return (
        `AccessControlPermissionDenied: operation: ${nameOf(result.type)}, stream: ${result.stream}, ` +
        `key: ${shortKey(result.key)}, account: ${result.account ?? ZERO_ACCOUNT}`
      );
    default:
      return result.code;
  }
}

const ZERO_ACCOUNT: Hex = `0x${"00".repeat(20)}`;
const SHOWN = 32;

/** As 0G shows a key: its first characters, if it is text; those that steer a terminal, or end a string, are not shown. */
function shortKey(key: Uint8Array | undefined): string {
  if (key === undefined || key.length === 0) return "NONE";
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(key);
    return [...text]
      .slice(0, SHOWN)
      .join("")
      .replace(/\p{Cc}/gu, "\ufffd");
  } catch {
    return "UNKNOWN";
  }
}

export interface StreamResult {
  readonly stream: Hex;
  /** `textOf` a result, or a text that begins with `AWAITING`. */
  readonly text: string;
}

/** The first in this order is the one that whoever asks about the whole entry must know. */
const WORST = [
  AWAITING,
  "DataParseError",
  "TagsMismatch",
  "Voided",
  "SenderNoWritePermission",
  "WritePermissionDenied",
  "AccessControlPermissionDenied",
  "VersionConfliction",
  "Commit",
];
const codeOf = (text: string): string => text.split(":", 1)[0] ?? "";

/** One text for an entry of several streams: the common one, or the worst with its stream. Undefined without any. */
export function commonResult(results: readonly StreamResult[]): string | undefined {
  const ranked = [...results].sort((a, b) => WORST.indexOf(codeOf(a.text)) - WORST.indexOf(codeOf(b.text)));
  const [worst, best] = [ranked[0], ranked.at(-1)];
  if (worst === undefined || best === undefined) return undefined;
  if (codeOf(worst.text) === codeOf(best.text) || worst.text.includes(worst.stream)) return worst.text;
  return `${worst.text}${worst.text.includes(":") ? "," : ":"} stream: ${worst.stream}`;
}
