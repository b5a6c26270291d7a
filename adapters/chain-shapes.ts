/** What a node may answer, checked: a lying or broken node gives `BadResponse`, never a wrong number. */
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";

const big = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform(BigInt);
const quantity = big.refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER)).transform(Number);
const hex = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .transform((value) => value.toLowerCase() as Hex);
const hash = hex.refine((value) => value.length === 66);
const address = hex.refine((value) => value.length === 42);

const header = z.object({
  number: quantity,
  hash,
  parentHash: hash,
  timestamp: quantity,
  logsBloom: hex.optional(),
  baseFeePerGas: big.optional(),
});
export type Header = z.infer<typeof header>;

const log = z.object({
  address,
  topics: z.array(hash).max(4),
  data: hex,
  blockNumber: quantity,
  blockHash: hash,
  transactionHash: hash,
  transactionIndex: quantity,
  logIndex: quantity,
  removed: z.boolean().optional(),
});
export type RpcLog = z.infer<typeof log>;

const receipt = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  /** 1: executed, 0: reverted */
  status: quantity,
  gasUsed: big,
  effectiveGasPrice: big.optional(),
});
export type Receipt = z.infer<typeof receipt>;

const checked =
  <S extends z.ZodType>(what: string, schema: S) =>
  (value: unknown): z.infer<S> => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new ZgError("BadResponse", { what, why: parsed.error.issues[0]?.message ?? "shape" });
  };

export const rpcShapes = {
  big: checked("quantity", big),
  quantity: checked("quantity", quantity),
  header: checked("block", header.nullable()),
  logs: checked("logs", z.array(log)),
  receipt: checked("receipt", receipt.nullable()),
};
