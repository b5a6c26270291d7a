import { ZgError } from "../../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../../protocol/header.ts";
import type { Hex } from "../../protocol/hex.ts";
import { HEADER_VERSION } from "../../protocol/params.ts";
import { requestOf } from "../../protocol/requestId.ts";
import type { BlobView } from "../../workers/disperser/view.ts";

/** What the sender computed from its own file: a receipt that differs in one field is not of this file. */
export interface Expected {
  readonly requestId: Hex;
  readonly payloadHash: Hex;
  readonly blobKey: Hex;
  readonly header: BlobHeader;
}

export interface Encoding {
  readonly dataRoot: Hex;
  readonly commitment: Hex;
  readonly rows: number;
}

export function expectedOf(payload: Uint8Array, account: Hex, salt: Hex, encoding: Encoding): Expected {
  const { dataRoot, commitment, rows } = encoding;
  const { requestId, payloadHash } = requestOf(payload, account, salt);
  const header = { version: HEADER_VERSION, dataRoot, commitment, length: payload.length, rows, account, salt };
  return { requestId, payloadHash, header, blobKey: blobKeyOf(header) };
}

/** Refuses a view that names anything but the sender's own file. Fields that are not there yet are not compared. */
export function checkView(view: BlobView, { requestId, blobKey, header }: Expected): void {
  const compared = {
    requestId: [requestId, view.requestId],
    dataRoot: [header.dataRoot, view.dataRoot],
    commitment: [header.commitment, view.commitment],
    blobKey: [blobKey, view.blobKey],
    length: [header.length, view.length],
    rows: [header.rows, view.rows],
    account: [header.account, view.account],
    salt: [header.salt, view.salt],
  } as const;
  for (const [field, [expected, received]] of Object.entries(compared)) {
    if (received !== undefined && received !== expected)
      throw new ZgError("ReceiptMismatch", { field, expected, received });
  }
}

export interface Transaction {
  readonly kind: "submit" | "confirm";
  readonly hash: string;
  readonly block: number | undefined;
  readonly gas: number | undefined;
}

export function transactionsOf(view: BlobView): Transaction[] {
  const kinds = { submitted: "submit", confirmed: "confirm" } as const;
  const found: Transaction[] = [];
  for (const { stage, tx, block, gas, batchId } of view.events) {
    if (tx === undefined || batchId !== view.batchId) continue;
    if (stage === "submitted" || stage === "confirmed") found.push({ kind: kinds[stage], hash: tx, block, gas });
  }
  return found;
}

export interface ReceiptParts {
  readonly view: BlobView;
  readonly expected: Expected;
  readonly file: string;
  readonly chainId: number;
  readonly entrance: Hex;
  /** Present when the blob was read back and every byte compared. */
  readonly retrieved?: { readonly bytes: number; readonly ms: number; readonly sources: readonly unknown[] };
}

/** Everything needed to find the blob again, and to hold the network to what it said. */
export function receiptOf({ view, expected, file, chainId, entrance, retrieved }: ReceiptParts) {
  return {
    requestId: expected.requestId,
    blobKey: expected.blobKey,
    batchId: view.batchId ?? null,
    blobIndex: view.blobIndex ?? null,
    status: view.status,
    dataRoot: expected.header.dataRoot,
    commitment: expected.header.commitment,
    transactions: transactionsOf(view),
    file,
    length: expected.header.length,
    rows: expected.header.rows,
    account: expected.header.account,
    salt: expected.header.salt,
    payloadHash: expected.payloadHash,
    chainId,
    contract: entrance,
    stake: view.stake ?? null,
    retainUntil: view.retainUntil ?? null,
    storedBy: view.acks.map(({ url }) => url),
    signedBy: view.signatures.map(({ slot, socket }) => ({ slot, socket })),
    refusals: view.refusals,
    events: view.events,
    retrieved: retrieved ?? null,
  };
}

export type Receipt = ReturnType<typeof receiptOf>;
