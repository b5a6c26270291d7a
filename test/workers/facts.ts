/** Facts as the disperser party writes them, with every field filled in; tests name only what they are about. */
import { packBlob } from "../../protocol/blob.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { keccakHex, keccakText } from "../../protocol/keccak.ts";
import type { BatchFacts } from "../../workers/batch-facts.ts";
import type { Packed } from "../../workers/disperser/body.ts";
import type { Accepted, BatchPlan, Confirmed, Encoded, NodeAnswer, Submitted, Vote } from "../../workers/records.ts";

export const hashOf = (name: string): Hex => toHex(keccakText(name));
export const SUBMITTER: Hex = `0x${"5b".repeat(20)}`;
export const SEED = hashOf("block 10");

/** A payload as the disperser has it after the body was read. */
export const packedOf = (payload: Uint8Array): Packed => ({
  length: payload.length,
  payloadHash: keccakHex(payload),
  rows: [packBlob(payload)],
});

export const acceptedOf = (name: string, more: Partial<Accepted> = {}): Accepted => ({
  requestId: hashOf(name),
  account: `0x${"00".repeat(20)}`,
  salt: `0x${"00".repeat(32)}`,
  length: 100,
  rows: 1,
  payloadHash: hashOf(`payload of ${name}`),
  time: 1,
  ...more,
});

export const encodedOf = (name: string, more: Partial<Encoded> = {}): Encoded => ({
  requestId: hashOf(name),
  blobKey: hashOf(`key of ${name}`),
  dataRoot: hashOf(`root of ${name}`),
  // A point of the subgroup: the generator of G1.
  commitment: "0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
  segmentRoots: Buffer.from(hashOf(`segment of ${name}`).slice(2), "hex").toString("base64"),
  time: 2,
  ...more,
});

export const planOf = (names: readonly string[], more: Partial<BatchPlan> = {}): BatchPlan => ({
  batchId: hashOf(`batch of ${names.join()}`),
  submitter: SUBMITTER,
  attempt: 0,
  batchRoot: hashOf("batchRoot"),
  rowsRoot: hashOf("rowsRoot"),
  metadataRoot: hashOf("metadataRoot"),
  metadataLength: 7000,
  rowCount: names.length,
  rowNodes: [hashOf("row node")],
  metadataNodes: [hashOf("metadata node")],
  blobs: names.map((name) => ({ requestId: hashOf(name), blobKey: hashOf(`key of ${name}`), rows: 1 })),
  time: 3,
  ...more,
});

export const minedAt = (block: number) => ({
  block,
  blockHash: hashOf(`block ${block}`),
  tx: hashOf(`transaction in ${block}`),
  gas: 180_000,
  time: 10 + block,
});

export const submittedAt = (block: number): Submitted => ({ ...minedAt(block), epoch: 3, deadline: block + 120 });

export const confirmedAt = (block: number): Confirmed => ({
  ...minedAt(block),
  signedStake: "3",
  totalStake: "4",
  rowsTxSeq: 0,
  metadataTxSeq: 1,
  retainUntil: block + 3600,
});

export const batchOf = (names: readonly string[], more: Partial<BatchFacts> = {}): BatchFacts => ({
  plan: planOf(names),
  submitted: null,
  confirmed: null,
  failed: null,
  closed: null,
  reorgs: [],
  answers: [],
  votes: [],
  ...more,
});

export const answerOf = (node: string, more: Partial<NodeAnswer> = {}): NodeAnswer => ({
  node,
  url: `http://node-${node}`,
  outcome: "staged",
  seed: SEED,
  time: 20,
  ...more,
});

export const voteOf = (slot: number, more: Partial<Vote> = {}): Vote => ({
  slot,
  socket: `http://validator-${slot}`,
  seed: SEED,
  outcome: "signed",
  time: 20 + slot,
  ...more,
});
