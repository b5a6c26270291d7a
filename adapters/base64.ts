/**
 * Base64 straight from bytes to bytes, as strict as 0G's nodes: the standard alphabet, whole groups, padding where it
 * belongs and no stray bits. Node's own decoder takes only strings, and forgives everything.
 */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;
/** Above the 24 bits of a group: one bad character marks the whole of it. */
const BAD = 1 << 24;

const tables = [18, 12, 6, 0].map((shift) => {
  const table = new Int32Array(256).fill(BAD);
  for (const [value, character] of [...ALPHABET].entries()) table[character.charCodeAt(0)] = value << shift;
  return table;
}) as [Int32Array, Int32Array, Int32Array, Int32Array];

/** Bytes that a text of so many characters can stand for, at most. */
export const decodedLength = (characters: number): number => Math.floor(characters / 4) * 3;

/** Undefined where the text is not canonical base64. */
export const decodeBase64 = (text: Uint8Array): Buffer | undefined => {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return Buffer.alloc(0);
  const padding = text[length - 1] !== PAD ? 0 : text[length - 2] !== PAD ? 1 : 2;
  const out = Buffer.allocUnsafeSlow((length / 4) * 3 - padding);
  const [first, second, third, fourth] = tables;
  const whole = padding === 0 ? length : length - 4;
  let bad = 0;
  let to = 0;
  for (let at = 0; at < whole; at += 4) {
    const group =
      (first[text[at] as number] as number) |
      (second[text[at + 1] as number] as number) |
      (third[text[at + 2] as number] as number) |
      (fourth[text[at + 3] as number] as number);
    bad |= group;
    out[to] = group >> 16;
    out[to + 1] = group >> 8;
    out[to + 2] = group;
    to += 3;
  }
  if (padding > 0) {
    const group =
      (first[text[whole] as number] as number) |
      (second[text[whole + 1] as number] as number) |
      (padding === 2 ? 0 : (third[text[whole + 2] as number] as number));
    // What the padding cuts off must be zero: one text for each value.
    bad |= (group & (padding === 2 ? 0xffff : 0xff)) === 0 ? group : BAD;
    out[to] = group >> 16;
    if (padding === 1) out[to + 1] = group >> 8;
  }
  return (bad & BAD) === 0 ? out : undefined;
};
