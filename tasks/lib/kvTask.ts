import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { MAX_KEY_BYTES } from "../../protocol/kv/limits.ts";
import { runningNetwork } from "./folder.ts";
import { onInterrupt } from "./interrupt.ts";
import { type KvNode, openKvNode } from "./kvNode.ts";
import { bytesOfText } from "./kvText.ts";
import { type Output, runTask } from "./output.ts";
import { openStorage, type StorageClient } from "./storage.ts";

export interface KvArguments {
  readonly stream: string;
  readonly data?: string;
  readonly json: boolean;
}

export interface KvSession {
  readonly stream: Hex;
  readonly node: KvNode;
  readonly storage: StorageClient;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What all `kv` tasks begin and end with. */
export async function withKv(given: KvArguments, work: (session: KvSession) => Promise<void>): Promise<void> {
  await runTask(given.json, async (output) => {
    const stream = normalHex(given.stream, 32);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    const { signal } = interrupt;
    try {
      const node = await openKvNode(storage.client, network.kvNodes, signal);
      await work({ stream, node, storage, output, signal });
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}

export function keyOf(text: string): Uint8Array {
  const key = bytesOfText(text);
  if (key.length === 0 || key.length > MAX_KEY_BYTES) {
    throw new ZgError("BadRequest", { what: "key", bytes: key.length, limit: MAX_KEY_BYTES });
  }
  return key;
}

/** Absent options come as −1: zero is a version. */
export const optional = (value: number): number | undefined => (value < 0 ? undefined : value);
