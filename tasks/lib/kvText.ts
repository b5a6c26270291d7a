/** Keys and values as a person writes and reads them: text, or 0x and hex digits. Pure. */
import { fromHex, isHex, toHex } from "../../protocol/hex.ts";

/** What begins with 0x and is hex is bytes; everything else is its own UTF-8. */
export function bytesOfText(text: string): Uint8Array {
  return isHex(text) && text.length > 2 ? fromHex(text) : new TextEncoder().encode(text);
}

/** As text where that is readable and reads back as the same bytes, else as hex. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would act on them.
    if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text) && !isHex(text)) return text;
  } catch {
    // Not UTF-8.
  }
  return toHex(bytes);
}

/** One line of at most so many characters. */
export function preview(bytes: Uint8Array, size: number, width = 60): string {
  const text = textOfBytes(size > bytes.length ? whole(bytes) : bytes).replace(/\s+/g, " ");
  const cut = text.length > width ? text.slice(0, width - 1) : text;
  return cut.length < text.length || size > bytes.length ? `${cut}…` : cut;
}

/** Without a character that was cut in the middle. */
function whole(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const last = bytes[bytes.length - back] as number;
    if (last < 0x80) return bytes;
    if (last < 0xc0) continue;
    const wanted = last >= 0xf0 ? 4 : last >= 0xe0 ? 3 : 2;
    return wanted > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && prefix.every((byte, index) => key[index] === byte);
}

/** The least key above all that begin with the prefix; undefined: there is none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last] === 0xff) continue;
    const next = prefix.slice(0, last + 1);
    next[last] = (next[last] as number) + 1;
    return next;
  }
  return undefined;
}
