import { concat, fromHex, type Hex, word } from "./hex.ts";
import { keccakHex } from "./keccak.ts";

/** What the client chose when it handed the blob in; repeating it is the same request. */
export interface BlobRequest {
  readonly payloadHash: Hex;
  readonly length: number;
  readonly account: Hex;
  readonly salt: Hex;
}

/** keccak(abi.encode(payloadHash, length, account, salt)): known before anything is encoded. */
export function requestIdOf(request: BlobRequest): Hex {
  return keccakHex(
    concat(
      fromHex(request.payloadHash, 32),
      word(request.length),
      new Uint8Array(12),
      fromHex(request.account, 20),
      fromHex(request.salt, 32),
    ),
  );
}

export function requestOf(payload: Uint8Array, account: Hex, salt: Hex): BlobRequest & { readonly requestId: Hex } {
  const request = { payloadHash: keccakHex(payload), length: payload.length, account, salt };
  return { ...request, requestId: requestIdOf(request) };
}
