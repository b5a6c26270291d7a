import { rowsFor } from "./blob.ts";
import { ZgError } from "./errors.ts";
import { bytesToBig, equalBytes, fromHex, type Hex, toHex } from "./hex.ts";
import { keccakHex } from "./keccak.ts";
import { HEADER_BYTES, HEADER_VERSION, MAX_BLOB_BYTES } from "./params.ts";

/** What names a blob for ever: every claim about it is checked against these eight words. */
export interface BlobHeader {
  readonly version: number;
  readonly dataRoot: Hex;
  /** KZG commitment of Q, compressed, 48 bytes. */
  readonly commitment: Hex;
  /** Payload bytes. */
  readonly length: number;
  readonly rows: number;
  /** Recorded, not authenticated. */
  readonly account: Hex;
  readonly salt: Hex;
}

/** abi.encode(uint16, bytes32, bytes32, bytes16, uint32, uint16, address, bytes32): 256 bytes. */
export function encodeHeader(header: BlobHeader): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES);
  const view = new DataView(out.buffer);
  const commitment = fromHex(header.commitment, 48);
  view.setUint16(30, checkRange(header.version, 0xffff, "version"));
  out.set(fromHex(header.dataRoot, 32), 32);
  out.set(commitment.subarray(0, 32), 64);
  out.set(commitment.subarray(32), 96); // bytes16 is left-aligned
  view.setUint32(156, checkRange(header.length, 0xffffffff, "length"));
  view.setUint16(190, checkRange(header.rows, 0xffff, "rows"));
  out.set(fromHex(header.account, 20), 204);
  out.set(fromHex(header.salt, 32), 224);
  return out;
}

/** The one header whose encoding these 256 bytes are; dirty padding is refused, so there is one spelling of each. */
export function decodeHeader(bytes: Uint8Array): BlobHeader {
  if (bytes.length !== HEADER_BYTES) {
    throw new ZgError("LengthMismatch", { expected: HEADER_BYTES, actual: bytes.length });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header: BlobHeader = {
    version: view.getUint16(30),
    dataRoot: toHex(bytes.subarray(32, 64)),
    commitment: toHex(bytes.subarray(64, 112)),
    length: view.getUint32(156),
    rows: view.getUint16(190),
    account: toHex(bytes.subarray(204, 224)),
    salt: toHex(bytes.subarray(224, 256)),
  };
  if (!equalBytes(encodeHeader(header), bytes)) throw new ZgError("BadHeader", { why: "padding is not zero" });
  return header;
}

export function blobKeyOf(header: BlobHeader): Hex {
  return keccakHex(encodeHeader(header));
}

/** The form of a header. That the commitment is a point of the subgroup is checked in adapters/kzg. */
export function checkHeader(header: BlobHeader): void {
  if (header.version !== HEADER_VERSION) {
    throw new ZgError("BadVersion", { version: header.version, expected: HEADER_VERSION });
  }
  if (header.length < 1 || header.length > MAX_BLOB_BYTES) {
    throw new ZgError("BadHeader", { why: "length", length: header.length });
  }
  if (header.rows !== rowsFor(header.length)) {
    throw new ZgError("BadHeader", { why: "rows", rows: header.rows, expected: rowsFor(header.length) });
  }
  checkCommitmentForm(header.commitment);
}

const BASE_FIELD = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;

/** Compressed, finite, x < p. The curve and the subgroup need a curve library: adapters/kzg. */
export function checkCommitmentForm(commitment: Hex): void {
  const bytes = fromHex(commitment, 48);
  const flags = (bytes[0] as number) >> 5;
  if ((flags & 0b100) === 0) throw new ZgError("BadPoint", { why: "not compressed", point: commitment });
  if ((flags & 0b010) !== 0) throw new ZgError("BadPoint", { why: "infinity", point: commitment });
  bytes[0] = (bytes[0] as number) & 0x1f;
  if (bytesToBig(bytes) >= BASE_FIELD) throw new ZgError("BadPoint", { why: "x is not canonical", point: commitment });
}

function checkRange(value: number, max: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new ZgError("BadHeader", { why: name, value });
  return value;
}
