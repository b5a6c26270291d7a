/** A chain of the test's own: blocks are made by calling `mine`, and unmade by calling `rewind`. */
import type { Chain, ChainEvent, RpcLog } from "../../adapters/chain.ts";
import { ZgError } from "../../protocol/errors.ts";
import { placeFile, submissionOfBytes, submissionOfRows } from "../../protocol/flow.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccakHex, keccakText } from "../../protocol/keccak.ts";
import { streamPayload, streamTags } from "../../protocol/stream.ts";
import { CHAIN_ID, ENTRANCE, type SampleBatch, SIGNERS } from "../protocol/sample.ts";

export interface FakeEvent {
  /** Default: DAEntrance. */
  readonly contract?: "Flow";
  readonly name: string;
  readonly args: Record<string, unknown>;
}
interface FakeBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly events: readonly FakeEvent[];
}
interface FakeSigner {
  readonly publicKey: Hex;
  /** First epoch that counts. */
  readonly from: number;
}

export interface FakeChain {
  readonly chain: Chain;
  /** One block with these events; returns its number. */
  mine(...events: FakeEvent[]): number;
  mineTo(number: number): void;
  hashAt(number: number): Hex;
  /** Forgets the blocks above; the next ones will have other hashes. */
  rewind(to: number): void;
  /** The event as followers see it. */
  eventAt(number: number, index?: number): ChainEvent;
}

export const FLOW: Hex = `0x${"f1".repeat(20)}`;
export const WINDOW = 20;
export const EPOCH = 3;

export const fakeChain = (signers: readonly FakeSigner[] = [], finality = 4): FakeChain => {
  let fork = 0;
  const hashOf = (number: number, parent: Hex): Hex => toHex(keccakText(`${fork}/${number}/${parent}`));
  const zero: Hex = `0x${"00".repeat(32)}`;
  const blocks: FakeBlock[] = [{ number: 0, hash: hashOf(0, zero), parentHash: zero, events: [] }];
  const at = (number: number): FakeBlock => blocks[number] as FakeBlock;
  const tip = (): FakeBlock => blocks.at(-1) as FakeBlock;

  const logOf = (block: FakeBlock, index: number): RpcLog => ({
    address: block.events[index]?.contract === "Flow" ? FLOW : ENTRANCE,
    topics: [],
    data: "0x",
    blockNumber: block.number,
    blockHash: block.hash,
    transactionHash: toHex(keccakText(`tx ${block.hash} ${index}`)),
    transactionIndex: index,
    logIndex: index,
  });
  const eventOf = (block: FakeBlock, index: number): ChainEvent => {
    const { address, blockNumber, blockHash, transactionHash, transactionIndex, logIndex } = logOf(block, index);
    const { contract = "DAEntrance", name, args } = block.events[index] as FakeEvent;
    return { contract, name, args, address, blockNumber, blockHash, transactionHash, transactionIndex, logIndex };
  };
  const header = async (id: number | string) => {
    const found =
      id === "latest" || id === "pending" ? tip() : blocks.find(({ number, hash }) => number === id || hash === id);
    if (found === undefined) return null;
    return { number: found.number, hash: found.hash, parentHash: found.parentHash, timestamp: found.number };
  };
  const revert = (error: string) => new ZgError("ChainReverted", { error });
  const calls: Record<string, (...args: never[]) => unknown> = {
    confirmWindow: () => BigInt(WINDOW),
    currentEpoch: () => BigInt(EPOCH),
    // Windows that no test of this chain reaches, and nobody to be audited or leased.
    terms: () => ({
      ...{ samples: 4n, auditBps: 0n, roundBlocks: 10n },
      ...{ claimWindow: 1_000n, auditWindow: 1_000n, slashWindow: 1_000n },
    }),
    leaseEpochs: () => 100n,
    slashBps: () => 1_000n,
    reporterBps: () => 5_000n,
    epochBlocks: () => 100n,
    firstBlock: () => 0n,
    credit: () => 0n,
    settledOf: () => 0n,
    membersAt: () => [],
    slotOf: () => {
      throw revert("NotRegistered");
    },
    findKey: (keyHash: Hex, epoch: number) => {
      const slot = signers.findIndex(({ publicKey }) => keccakHex(fromHex(publicKey)) === keyHash);
      if (slot < 0 || (signers[slot] as FakeSigner).from > epoch) throw revert("NotInSet");
      return [BigInt(slot), 0n];
    },
  };
  const getFunction = (name: string) => {
    const call = async (...args: unknown[]) => (calls[name] as (...args: unknown[]) => unknown)(...args);
    return Object.assign(call, { staticCall: call });
  };
  const other: Hex = `0x${"0f".repeat(20)}`;
  const chain = {
    chainId: Number(CHAIN_ID),
    addresses: {
      Flow: FLOW,
      FixedPrice: other,
      ChunkLinearReward: other,
      PoraMine: other,
      DASampling: other,
      DAChallenge: other,
      CellVerifier: other,
      DASigners: SIGNERS,
      DAEntrance: ENTRANCE,
    },
    entrance: { getFunction },
    signers: { getFunction },
    sampling: { getFunction },
    nonce: async () => 0,
    head: async () => tip().number,
    finalized: async () => Math.max(0, tip().number - finality),
    header,
    logs: async ({ from, to }: { from: number; to: number }) =>
      blocks
        .filter(({ number }) => number >= from && number <= to)
        .flatMap((block) => block.events.map((_, index) => logOf(block, index))),
    logsOf: async (hash: Hex) =>
      blocks.filter((block) => block.hash === hash).flatMap((block) => block.events.map((_, i) => logOf(block, i))),
    decode: (log: RpcLog) => eventOf(blocks.find(({ hash }) => hash === log.blockHash) as FakeBlock, log.logIndex),
    errorOf: (error: unknown) => error,
    close: async () => undefined,
  } as unknown as Chain;

  const mine = (...events: FakeEvent[]): number => {
    const { number, hash } = tip();
    blocks.push({ number: number + 1, hash: hashOf(number + 1, hash), parentHash: hash, events });
    return number + 1;
  };
  return {
    chain,
    mine,
    mineTo: (number) => {
      while (tip().number < number) mine();
    },
    hashAt: (number) => at(number).hash,
    rewind: (to) => {
      blocks.length = to + 1;
      fork += 1;
    },
    eventAt: (number, index = 0) => eventOf(at(number), index),
  };
};

export const submittedEvent = ({ facts }: Pick<SampleBatch, "facts">): FakeEvent => ({
  name: "BatchSubmitted",
  args: {
    batchId: facts.batchId,
    submitter: facts.submitter,
    epoch: BigInt(EPOCH),
    commitment: {
      batchRoot: facts.batchRoot,
      rowsRoot: facts.rowsRoot,
      metadataRoot: facts.metadataRoot,
      blobCount: BigInt(facts.blobCount),
      rowCount: BigInt(facts.rowCount),
      metadataLength: BigInt(facts.metadataLength),
      attempt: BigInt(facts.attempt),
    },
  },
});

export const confirmedEvent = ({ facts }: Pick<SampleBatch, "facts">, rowsTxSeq: number, seed: Hex): FakeEvent => ({
  name: "BatchConfirmed",
  args: {
    batchId: facts.batchId,
    rowsTxSeq: BigInt(rowsTxSeq),
    metadataTxSeq: BigInt(rowsTxSeq + 1),
    signedStake: 1n,
    totalStake: 1n,
    seed,
    retainUntil: 1_000n,
    auditSeed: seed,
    absent: 0n,
  },
});

/** The two entries that a confirmed batch has in a log of `length` sectors, the rows' and the metadata's. */
export const entryEvents = (
  { facts, metadata, bytes }: Pick<SampleBatch, "facts" | "metadata" | "bytes">,
  rowsTxSeq = 0,
  length = 1,
): FakeEvent[] => {
  const blobKeys = metadata.headers.map(blobKeyOf);
  const payload = streamPayload(facts.streamId, facts.batchId, bytes, blobKeys);
  let end = length;
  return [submissionOfRows(metadata.segmentRoots), submissionOfBytes(payload)].map((submission, i) => {
    const { placed, length: after } = placeFile(end, submission.nodes);
    end = after;
    return {
      contract: "Flow",
      name: "Submit",
      args: {
        sender: ENTRANCE,
        identity: submission.identity,
        submissionIndex: BigInt(rowsTxSeq + i),
        startPos: BigInt(placed[0]?.start ?? 0),
        length: BigInt(submission.sectors),
        submission: {
          length: BigInt(submission.length),
          tags: i === 0 ? "0x" : toHex(streamTags(facts.streamId)),
          nodes: submission.nodes.map(({ root, height }) => ({ root, height: BigInt(height) })),
        },
      },
    };
  });
};

export const failedEvent = ({ facts }: Pick<SampleBatch, "facts">): FakeEvent => ({
  name: "BatchFailed",
  args: { batchId: facts.batchId },
});
