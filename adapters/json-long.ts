/**
 * JSON of strangers that may carry megabytes of base64. Strings over a kibibyte never become strings: they stay what
 * they are in the body, bytes, and the parser sees only what is between them, which has a limit of its own. So a body of
 * 30 MB costs a few milliseconds and no second copy, and a deep or crowded one costs its sender.
 */
import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { parseJson } from "./json.ts";

/** A string of the body that was left in it; it lives as long as the body does. */
export class LongText {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const LONG = 1_024;
const MAX_DEPTH = 16;
/** Of what the parser sees: the proofs and indices of some hundred segments fit four times. */
const MAX_BETWEEN = 1 << 20;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The value, with `LongText` for each long string; undefined where the body is not JSON, or more than it may be. */
export const parseLongJson = (body: Uint8Array): unknown => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const found = between(bytes);
  if (found === undefined || !isUtf8(found.rest)) return undefined;
  const value = parseJson(found.rest);
  return found.long.length === 0 ? value : restored(value, found);
};

interface Found {
  /** The body with marks for the long strings. */
  readonly rest: Buffer;
  readonly long: readonly LongText[];
  readonly mark: string;
}

const between = (bytes: Buffer): Found | undefined => {
  const [pieces, long]: [Buffer[], LongText[]] = [[], []];
  // Nobody can write a mark into a body that does not know it.
  const mark = randomUUID();
  let [at, from, length, depth] = [0, 0, 0, 0];
  const keep = (end: number): boolean => {
    pieces.push(bytes.subarray(from, end));
    length += end - from;
    return length <= MAX_BETWEEN;
  };
  for (;;) {
    const opening = bytes.indexOf(QUOTE, at);
    const end = opening === -1 ? bytes.length : opening;
    if (end - from > MAX_BETWEEN) return undefined;
    depth = depthAfter(bytes, at, end, depth);
    if (depth > MAX_DEPTH) return undefined;
    if (opening === -1) break;
    const closing = closingQuote(bytes, opening + 1);
    if (closing === -1) return undefined;
    at = closing + 1;
    if (closing - opening <= LONG) continue;
    const text = textOf(bytes, opening, closing);
    if (text === undefined || !keep(opening + 1)) return undefined;
    pieces.push(Buffer.from(`${mark}${long.length}`));
    long.push(text);
    from = closing;
  }
  return keep(bytes.length) ? { rest: pieces.length === 1 ? bytes : Buffer.concat(pieces), long, mark } : undefined;
};

/** Of the nesting after the bytes of a part without strings; over the limit as soon as it has been. */
const depthAfter = (bytes: Buffer, start: number, end: number, before: number): number => {
  let depth = before;
  for (let at = start; at < end && depth <= MAX_DEPTH; at++) {
    const byte = bytes[at];
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
  }
  return depth;
};

const closingQuote = (bytes: Buffer, start: number): number => {
  for (let at = bytes.indexOf(QUOTE, start); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH && at - 1 - escapes >= start) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return -1;
};

/** Some encoders write a slash as `\/`: only then the string has to be read as one. */
const textOf = (bytes: Buffer, opening: number, closing: number): LongText | undefined => {
  const raw = bytes.subarray(opening + 1, closing);
  if (!raw.includes(BACKSLASH)) return new LongText(raw);
  const text = parseJson(bytes.subarray(opening, closing + 1));
  return typeof text === "string" ? new LongText(Buffer.from(text)) : undefined;
};

const restored = (value: unknown, found: Found): unknown => {
  if (typeof value === "string") return value.startsWith(found.mark) ? found.long[numberAfter(value, found)] : value;
  if (Array.isArray(value)) return value.map((item) => restored(item, found));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restored(item, found)]));
};

const numberAfter = (marked: string, { mark }: Found): number => Number(marked.slice(mark.length));
