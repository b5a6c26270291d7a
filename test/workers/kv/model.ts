/** What a node must come to, once more and as plainly as it can be said: the whole log from its start, in memory. */
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { judgeByLog, judgePayload, type StreamView } from "../../../protocol/kv/judge.ts";
import { gives, type Kind, kindOf, type OpType } from "../../../protocol/kv/ops.ts";
import { decodePayload, sourceOf } from "../../../protocol/kv/payload.ts";
import { textOf } from "../../../protocol/kv/result.ts";
import { tagsOf } from "../../../protocol/kv/tags.ts";
import { type Available, rootOf, type State, type Submitted } from "./node.ts";

interface Right {
  readonly kind: Kind;
  readonly account: string;
  readonly key: Hex;
  readonly version: number;
  readonly op: OpType;
}
interface Value {
  readonly key: Hex;
  readonly version: number;
  readonly value: Hex;
}

export const modelOf = (log: readonly Submitted[], available: Available): State => {
  const state: State = { streams: [], verdicts: [], values: [], rights: [], keys: [{ n: 0 }] };
  const streams = new Set(log.flatMap(({ tags }) => streamsOf(tags)));
  for (const stream of [...streams].sort()) {
    const entries = [...log.entries()].filter(([, { tags }]) => streamsOf(tags).includes(stream));
    const [first, { sender: founder }] = entries[0] as [number, Submitted];
    state.streams.push({ stream, founder, first_seq: first });
    const rights: Right[] = [];
    const values: Value[] = [];
    let held = false;
    for (const [txSeq, entry] of entries) {
      const text: string | null = held ? null : judge(stream, txSeq, entry);
      held = text === null;
      state.verdicts.push({ stream, tx_seq: txSeq, result: text });
    }
    for (const value of values.sort(byText)) state.values.push({ stream, ...value });
    for (const right of rights.sort(byText)) state.rights.push({ stream, ...right });

    function judge(of: Hex, txSeq: number, { sender, tags, payload }: Submitted): string | null {
      const last = (kind: Kind, account: string, key: Hex) =>
        rights.findLast((right) => right.kind === kind && right.account === account && right.key === key)?.op;
      const has = (kind: Kind, account: string, key: Hex = "0x"): boolean => {
        const op = last(kind, account, key);
        return op !== undefined && gives(op);
      };
      const view: StreamView = {
        isAdmin: (account) => (last(0x00, account, "0x") === undefined ? account === founder : has(0x00, account)),
        isWriter: (account) => has(0x20, account),
        isSpecialKey: (key) => has(0x10, "", toHex(key)),
        isWriterOfKey: (account, key) => has(0x30, account, toHex(key)),
        isWriterOfAnyKey: (account) => rights.some(({ kind, key }) => kind === 0x30 && has(0x30, account, key)),
        latestVersion: (key) => values.findLast((value) => value.key === toHex(key))?.version ?? 0,
      };
      const voiders = log.filter((other, at) => at > txSeq && targetOf(other.tags) === txSeq);
      const known = judgeByLog(
        view,
        sender,
        voiders.map((voider) => voider.sender),
      );
      if (known !== undefined) return textOf(known);
      if (!available.has(rootOf(payload))) return null;
      try {
        const parsed = decodePayload(sourceOf(payload));
        const { result, writes, rights: given } = judgePayload(of, new Set(streamsOf(tags)), sender, parsed, view);
        for (const { key, at, size } of writes) {
          values.push({ key: toHex(key), version: txSeq, value: toHex(payload.slice(at, at + size)) });
        }
        for (const { type, account, key } of given) {
          const about = { account: account ?? "", key: key === undefined ? ("0x" as Hex) : toHex(key) };
          rights.push({ kind: kindOf(type), ...about, version: txSeq, op: type });
        }
        return textOf(result);
      } catch (error) {
        return `DataParseError: ${(error as { fields: { why: string } }).fields.why}`;
      }
    }
  }
  return state;
};

const streamsOf = (tags: Uint8Array): readonly Hex[] => {
  const read = tagsOf(tags);
  return read.kind === "streams" ? read.streams : [];
};
const targetOf = (tags: Uint8Array): number | undefined => {
  const read = tagsOf(tags);
  return read.kind === "void" ? read.target : undefined;
};

/** By the columns in their order: numbers as numbers, hex as its bytes (equal lengths or a prefix). */
const byText = (a: object, b: object): number => {
  const [left, right] = [a, b].map((row) => ("kind" in row ? orderOf(row as Right) : orderOfValue(row as Value)));
  for (const [i, value] of (left ?? []).entries()) {
    const other = right?.[i];
    if (other === undefined || value === other) continue;
    return value < other ? -1 : 1;
  }
  return 0;
};
const orderOf = ({ kind, account, key, version }: Right) => [kind, account, key, version];
const orderOfValue = ({ key, version }: Value) => [key, version];
