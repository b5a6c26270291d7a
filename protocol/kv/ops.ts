import type { Hex } from "../hex.ts";

/** Operations of access control, by the byte that stands for them in a payload (0G). */
export const OPS = {
  GRANT_ADMIN_ROLE: 0x00,
  RENOUNCE_ADMIN_ROLE: 0x01,
  SET_KEY_TO_SPECIAL: 0x10,
  SET_KEY_TO_NORMAL: 0x11,
  GRANT_WRITER_ROLE: 0x20,
  REVOKE_WRITER_ROLE: 0x21,
  RENOUNCE_WRITER_ROLE: 0x22,
  GRANT_SPECIAL_WRITER_ROLE: 0x30,
  REVOKE_SPECIAL_WRITER_ROLE: 0x31,
  RENOUNCE_SPECIAL_WRITER_ROLE: 0x32,
} as const;
export type OpName = keyof typeof OPS;
export type OpType = (typeof OPS)[OpName];

/** One operation as a payload carries it: with a key and an account only where its type has one. */
export interface Op {
  readonly type: OpType;
  readonly stream: Hex;
  readonly key?: Uint8Array;
  readonly account?: Hex;
}

const NAMES = new Map<number, OpName>(Object.entries(OPS).map(([name, type]) => [type, name as OpName]));
const WITH_KEY = new Set<number>([0x10, 0x11, 0x30, 0x31, 0x32]);
const WITH_ACCOUNT = new Set<number>([0x00, 0x20, 0x21, 0x30, 0x31]);
const RENOUNCING = new Set<number>([0x01, 0x22, 0x32]);
const GIVING = new Set<number>([0x00, 0x10, 0x20, 0x30]);

export const isOp = (type: number): type is OpType => NAMES.has(type);
export const nameOf = (type: OpType): OpName => NAMES.get(type) as OpName;
export const hasKey = (type: OpType): boolean => WITH_KEY.has(type);
export const hasAccount = (type: OpType): boolean => WITH_ACCOUNT.has(type);
/** The operation is about who submits it. */
export const isRenouncing = (type: OpType): boolean => RENOUNCING.has(type);
/** Whether the right (or the key's specialness) exists after the operation. */
export const gives = (type: OpType): boolean => GIVING.has(type);

/** What an operation is about: the last one of a kind, key and account decides. */
export const KINDS = { admin: 0x00, special: 0x10, writer: 0x20, keyWriter: 0x30 } as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];
export const kindOf = (type: OpType): Kind => (type & 0xf0) as Kind;
