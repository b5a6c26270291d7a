/** Parsed JSON of untrusted text, or undefined: a value that JSON itself cannot express. */
export const parseJson = (text: Uint8Array | string): unknown => {
  try {
    return JSON.parse(
      typeof text === "string" ? text : Buffer.from(text.buffer, text.byteOffset, text.length).toString(),
    );
  } catch {
    return undefined;
  }
};
