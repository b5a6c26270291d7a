/** Parts of paths and queries, as more than one route has them. */
import { z } from "zod";
import { ZgError } from "../../../protocol/errors.ts";
import { isHex, normalHex } from "../../../protocol/hex.ts";

/** A whole number in decimal digits, as short as it can be written. */
export const digits = (most: number) =>
  z
    .string()
    .regex(new RegExp(`^(0|[1-9]\\d{0,${most - 1}})$`))
    .transform(Number);

export const Root = z
  .string()
  .refine((text) => isHex(text, 32), "0x and 64 hex digits")
  .transform((text) => normalHex(text, 32));

/** Up to 2^53 − 1. */
export const Length = digits(16).refine((length) => length > 0 && Number.isSafeInteger(length), "a length in bytes");

/** For checks that run before the framework has looked at a route's schemas. */
export const parsed = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ZgError("BadRequest", { field: issue?.path.join(".") ?? "", why: issue?.message ?? "invalid" });
};

/** Content-Length, NaN where there is none. */
export const lengthIn = (headers: Readonly<Record<string, unknown>>): number =>
  headers["content-length"] === undefined ? Number.NaN : Number(headers["content-length"]);

export const mustBe = (expected: number, headers: Readonly<Record<string, unknown>>): void => {
  const actual = lengthIn(headers);
  if (actual === expected) return;
  throw new ZgError("LengthMismatch", { expected, actual: Number.isFinite(actual) ? actual : "unknown" });
};
