import type { Chain } from "../../adapters/chain.ts";
import { ZgError } from "../../protocol/errors.ts";
import { equalBytes, type Hex, normalHex } from "../../protocol/hex.ts";
import { verifyValue } from "../../protocol/kv/proof.ts";
import { entriesIn } from "../../workers/chain-entries.ts";
import type { Entry } from "../../workers/chain-entry.ts";
import { type KvNode, QUERY_BYTES } from "./kvNode.ts";
import { textOfBytes } from "./kvText.ts";

export interface ReadValue {
  readonly version: number;
  readonly size: number;
  /** Who wrote it, proved; only of a proved read. */
  readonly entry?: Entry;
}

export interface ReadOptions {
  readonly node: Pick<KvNode, "value" | "proven">;
  readonly stream: Hex;
  readonly key: Uint8Array;
  readonly version?: number;
  /** Told the size before the first byte. */
  readonly onSize: (size: number) => void;
  readonly onData: (data: Uint8Array) => Promise<void>;
}

const absent = ({ stream, key, version }: ReadOptions): ZgError =>
  new ZgError("UnknownId", { what: "value", stream, key: textOfBytes(key).slice(0, 80), version: version ?? "latest" });

/** A value in parts, all of one version. A key that was never written, or was deleted, is `UnknownId`. */
export async function readValue(options: ReadOptions): Promise<ReadValue> {
  const { node, stream, key, onSize, onData } = options;
  let { version } = options;
  for (let at = 0; ; ) {
    const part = await node.value(stream, key, at, QUERY_BYTES, version);
    if (part.size === 0) throw absent(options);
    if (at === 0) onSize(part.size);
    if (at > 0 && part.version !== version) throw inconsistent({ version: part.version });
    if (part.data.length !== Math.min(QUERY_BYTES, part.size - at)) throw inconsistent({ bytes: part.data.length });
    version = part.version;
    await onData(part.data);
    at += part.data.length;
    if (at === part.size) return { version, size: part.size };
  }
}

/** The same, each part with the proof of who wrote it and when, held against the chain. */
export async function readProven(
  options: ReadOptions & { readonly chain: Pick<Chain, "logs" | "logsOf" | "decode" | "addresses" | "flow"> },
): Promise<ReadValue> {
  const { node, chain, stream, key, onSize, onData } = options;
  let { version } = options;
  let entry: (Entry & { readonly flowRoot: Hex }) | undefined;
  for (let at = 0; ; ) {
    const part = await node.proven(stream, key, at, QUERY_BYTES, version);
    if (part === null || part.size === 0) throw absent(options);
    entry ??= await recorded(chain, part.version, part.entry.block.number);
    if (part.version !== entry.txSeq) throw inconsistent({ version: part.version });
    const proven = verifyValue(entry, { stream, key, from: at, length: QUERY_BYTES }, part);
    if (!equalBytes(proven.data, part.data) || proven.size !== part.size)
      throw inconsistent({ bytes: part.data.length });
    if (at === 0) onSize(proven.size);
    version = part.version;
    await onData(proven.data);
    at += proven.data.length;
    if (at === proven.size) return { version, size: proven.size, entry };
  }
}

/** The entry as the chain has it, whatever the node says, and the log's root right after it. */
async function recorded(
  chain: Pick<Chain, "logs" | "logsOf" | "decode" | "addresses" | "flow">,
  txSeq: number,
  block: number,
): Promise<Entry & { readonly flowRoot: Hex }> {
  const entry = (await entriesIn(chain, { from: block, to: block }, {})).find((found) => found.txSeq === txSeq);
  if (entry === undefined) throw new ZgError("BadProof", { why: "the chain has no such entry", txSeq, block });
  return { ...entry, flowRoot: normalHex(String(await chain.flow.getFlowRootByTxSeq(txSeq)), 32) };
}

const inconsistent = (fields: ZgError["fields"]): ZgError =>
  new ZgError("BadResponse", { why: "parts that do not fit together", ...fields });
