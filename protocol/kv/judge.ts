/**
 * The verdict on one entry on one stream, from the stream as it was just before. Pure: every node that reads the same
 * log and the same payload draws the same one. An entry of several streams is judged on each of them alone; only what
 * makes the payload itself void (it cannot be parsed, it names a stream that is not in the tags) is void on all.
 */
import type { Hex } from "../hex.ts";
import { isRenouncing, kindOf, OPS, type Op, type OpType } from "./ops.ts";
import type { Payload } from "./payload.ts";
import type { Result } from "./result.ts";

/** A stream just before an entry. Who submitted its first entry is its admin before any operation says otherwise. */
export interface StreamView {
  isAdmin(account: Hex): boolean;
  isWriter(account: Hex): boolean;
  isSpecialKey(key: Uint8Array): boolean;
  isWriterOfKey(account: Hex, key: Uint8Array): boolean;
  isWriterOfAnyKey(account: Hex): boolean;
  /** txSeq of the key's last write; 0 if there is none. */
  latestVersion(key: Uint8Array): number;
}

/** Without any right on the stream, nothing that the entry holds can have an effect: it is void without its data. */
export function mayWriteAnything(view: StreamView, account: Hex): boolean {
  return view.isAdmin(account) || view.isWriter(account) || view.isWriterOfAnyKey(account);
}

export function mayWriteKey(view: StreamView, account: Hex, key: Uint8Array): boolean {
  if (view.isAdmin(account)) return true;
  return view.isSpecialKey(key) ? view.isWriterOfKey(account, key) : view.isWriter(account);
}

/**
 * What the log alone says.
 *
 * @param voiders submitters of the entries that would withdraw this one; those count who were admins before it
 */
export function judgeByLog(view: StreamView, sender: Hex, voiders: readonly Hex[]): Result | undefined {
  if (!mayWriteAnything(view, sender)) return { code: "SenderNoWritePermission" };
  return voiders.some((voider) => view.isAdmin(voider)) ? { code: "Voided" } : undefined;
}

/** A write that took effect: where its value lies in the payload. */
export interface Write {
  readonly key: Uint8Array;
  readonly at: number;
  readonly size: number;
}
/** An operation that took effect, about whom and which key; empty where it is about none. */
export interface Right {
  readonly type: OpType;
  readonly account: Hex | undefined;
  readonly key: Uint8Array | undefined;
}
export interface Judgement {
  readonly result: Result;
  readonly writes: readonly Write[];
  readonly rights: readonly Right[];
}

export function judgePayload(
  stream: Hex,
  tagged: ReadonlySet<Hex>,
  sender: Hex,
  payload: Payload,
  view: StreamView,
): Judgement {
  const refused = (result: Result): Judgement => ({ result, writes: [], rights: [] });
  for (const set of [payload.reads, payload.writes, payload.ops]) {
    if (set.some((element) => !tagged.has(element.stream))) return refused({ code: "TagsMismatch" });
  }
  const stale = (key: Uint8Array): boolean => BigInt(view.latestVersion(key)) > payload.version;
  for (const { stream: of, key } of payload.reads) {
    if (of === stream && stale(key)) return refused({ code: "VersionConfliction" });
  }
  const writes = lastWrites(stream, payload);
  for (const { key } of writes) {
    if (stale(key)) return refused({ code: "VersionConfliction" });
    if (!mayWriteKey(view, sender, key)) return refused({ code: "WritePermissionDenied", stream, key });
  }
  const rights = lastRights(stream, payload.ops, sender);
  for (const { type, key, account } of rights) {
    if (!mayChange(view, sender, type, key)) {
      return refused({ code: "AccessControlPermissionDenied", type, stream, key, account });
    }
  }
  return { result: { code: "Commit" }, writes, rights };
}

/** Of several writes of one key in one payload the last one counts. */
function lastWrites(stream: Hex, payload: Payload): Write[] {
  const last = new Map<string, Write>();
  for (const { stream: of, key, at, size } of payload.writes) {
    if (of === stream) last.set(nameOfKey(key), { key, at, size });
  }
  return [...last.values()];
}

/** Of several operations of one kind, key and account in one payload the last one counts; all are judged by the rights before it. */
function lastRights(stream: Hex, ops: readonly Op[], sender: Hex): Right[] {
  const last = new Map<string, Right>();
  for (const { type, stream: of, key, account: named } of ops) {
    const account = isRenouncing(type) ? sender : named;
    // Nobody makes themselves admin: who is one already gains nothing, and who has renounced stays so.
    if (of !== stream || (type === OPS.GRANT_ADMIN_ROLE && account === sender)) continue;
    const about = `${kindOf(type)}/${account ?? ""}/${key === undefined ? "" : nameOfKey(key)}`;
    last.delete(about);
    last.set(about, { type, key, account });
  }
  return [...last.values()];
}

/** Who may write may let others write the same; who may not needs to be an admin; renouncing is everybody's own. */
function mayChange(view: StreamView, sender: Hex, type: OpType, key: Uint8Array | undefined): boolean {
  if (isRenouncing(type) || view.isAdmin(sender)) return true;
  if (type === OPS.GRANT_WRITER_ROLE) return view.isWriter(sender);
  return type === OPS.GRANT_SPECIAL_WRITER_ROLE && key !== undefined && view.isWriterOfKey(sender, key);
}

/** The DA stream's keys are written once: the first write stands. */
export function onlyNew(view: Pick<StreamView, "latestVersion">, writes: readonly Write[]): readonly Write[] {
  return writes.filter(({ key }) => view.latestVersion(key) === 0);
}

const nameOfKey = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
