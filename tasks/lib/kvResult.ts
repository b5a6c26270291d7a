import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { KvNode } from "./kvNode.ts";

/** What a node's words about an entry mean to the one who wrote it. */
const CODES: Record<string, ErrorCode> = {
  VersionConfliction: "VersionConflict",
  SenderNoWritePermission: "NoPermission",
  WritePermissionDenied: "NoPermission",
  AccessControlPermissionDenied: "NoPermission",
  AwaitingData: "AwaitingData",
};

/** undefined: it took effect. */
export function errorOfResult(result: string, fields: ZgError["fields"]): ZgError | undefined {
  const [name = ""] = result.split(":", 1);
  return name === "Commit" ? undefined : new ZgError(CODES[name] ?? "BadPayload", { ...fields, result });
}

const POLL_MS = 200;

export interface AwaitOptions {
  readonly node: Pick<KvNode, "results">;
  readonly stream: Hex;
  readonly txSeq: number;
  readonly signal: AbortSignal;
  readonly onText?: (text: string) => void;
  /** How long the node may say nothing new. */
  readonly patienceMs?: number;
}

/** The verdict on an entry on one stream, waited for: a node replays the log in order and needs the data. */
export async function awaitResult(options: AwaitOptions): Promise<string> {
  const { node, stream, txSeq, signal, onText, patienceMs = 120_000 } = options;
  let since = performance.now();
  let before = "";
  for (;;) {
    signal.throwIfAborted();
    const mine = (await node.results(txSeq)).find(({ streamId }) => streamId === stream);
    const text = mine?.result ?? "not replayed yet";
    if (mine !== undefined && !text.startsWith("AwaitingData")) return text;
    if (text !== before) since = performance.now();
    before = text;
    onText?.(text);
    if (performance.now() - since > patienceMs) {
      if (mine !== undefined) throw new ZgError("AwaitingData", { stream, txSeq, result: text });
      throw new ZgError("Timeout", { stream, txSeq, patienceMs });
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
