import { readFile, writeFile } from "node:fs/promises";
import { blake2b } from "@noble/hashes/blake2.js";
import { adjustedTarget, MAX_UINT256, MIN_TARGET, relievedTarget, targetOf } from "../protocol/difficulty.ts";
import { placeFile, submissionOfBytes } from "../protocol/flow.ts";
import { bigToBytes, bytesToBig, concat, type Hex, toHex } from "../protocol/hex.ts";
import { keccakEach, keccakHex, keccakText } from "../protocol/keccak.ts";
import { HASH_BYTES, SECTOR_BYTES } from "../protocol/params.ts";
import {
  answerOf,
  contextDigestOf,
  minerIdOf,
  type PoraAnswer,
  subtaskDigestOf,
  subtaskIndexOf,
  type Ticket,
  ticketsOf,
  trialOf,
} from "../protocol/pora.ts";
import {
  type RecallRange,
  rangeDigest,
  recallPositionOf,
  recallRangeOf,
  scaledTarget,
  shardsOf,
} from "../protocol/recallRange.ts";
import { scratchPadOf } from "../protocol/scratchPad.ts";
import {
  isEmptySeal,
  SEAL_BYTES,
  SEAL_LEVEL,
  SEALS_PER_LOAD,
  SECTORS_PER_SEAL,
  seal,
  sealRootOf,
} from "../protocol/seal.ts";
import { paddedPath, paddedRoot, ZERO_HASHES } from "../protocol/tree.ts";
import { payloadOf } from "../test/protocol/sample.ts";

/**
 * Writes test/vectors/pora.json: a log with contexts, a miner, and the answers that it finds there. The Solidity tests
 * build the same log in a real Flow, with these block hashes, and send the answers; `--check` says whether the file would
 * change. Everything follows from the seeds below.
 */
const FILE = new URL("../test/vectors/pora.json", import.meta.url);

/** A deployment as in test/contracts/base/StorageTest.sol, with a difficulty that takes some sixteen trials. */
const RULES = {
  firstBlock: 1000,
  blocksPerEpoch: 60,
  sectorsPerPrice: 32_768,
  maxMiningLength: 2 ** 35,
  difficulty: 1024,
  subtasks: 2,
  subtaskInterval: 25,
};
const SENDER: Hex = `0x${"5e".repeat(20)}`;
const MINER_SEED = 42n;
/** Files, and the epoch in which they are appended. Between them a context ends within a seal. */
const FILES = [
  { seed: "mined 1", length: 700_000, epoch: 0 },
  { seed: "mined 2", length: 5 * 256, epoch: 0 },
  { seed: "mined 3", length: 3 * 256, epoch: 1 },
  { seed: "mined 4", length: 1_000_000, epoch: 1 },
];
const EPOCHS = 2;

const hashOfBlock = (number: number): Hex => keccakHex(keccakText(`block ${number}`));
const words = (bytes: Uint8Array): Hex[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    toHex(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)),
  );
const big = (value: bigint): Hex => toHex(bigToBytes(value, 32));

interface Context {
  readonly epoch: number;
  readonly mineStart: number;
  readonly blockHash: Hex;
  readonly flowRoot: Hex;
  readonly flowLength: number;
  readonly digest: Hex;
}

interface Log {
  /** Sector by sector, gaps empty. */
  readonly data: Uint8Array;
  readonly files: readonly object[];
  readonly contexts: readonly Context[];
}

function buildLog(): Log {
  let data: Uint8Array = new Uint8Array(SECTOR_BYTES);
  const files: object[] = [];
  const contexts: Context[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (const file of FILES.filter((f) => f.epoch === epoch)) {
      const bytes = payloadOf(file.seed, file.length);
      const { nodes, length } = submissionOfBytes(bytes);
      const placed = placeFile(data.length / SECTOR_BYTES, nodes);
      const start = placed.placed[0]?.start ?? 0;
      const grown = new Uint8Array(placed.length * SECTOR_BYTES);
      grown.set(data);
      grown.set(bytes, start * SECTOR_BYTES);
      data = grown;
      files.push({ ...file, length, nodes, start });
    }
    contexts.push(contextOf(data, epoch + 1));
  }
  return { data, files, contexts };
}

function contextOf(data: Uint8Array, epoch: number): Context {
  const mineStart = RULES.firstBlock + epoch * RULES.blocksPerEpoch;
  const flowLength = data.length / SECTOR_BYTES;
  const flowRoot = toHex(paddedRoot(leavesOf(data), 0));
  const blockHash = hashOfBlock(mineStart);
  return {
    epoch,
    mineStart,
    blockHash,
    flowRoot,
    flowLength,
    digest: contextDigestOf(blockHash, flowRoot, flowLength),
  };
}

/** Leaf 0 is 32 zero bytes, not the hash of a sector. */
function leavesOf(data: Uint8Array): Uint8Array {
  const leaves = keccakEach(data, SECTOR_BYTES);
  leaves.set(new Uint8Array(HASH_BYTES), 0);
  return leaves;
}

/** Siblings of a seal's root up to the root of the log. */
function pathOf(data: Uint8Array, position: number): Uint8Array[] {
  let nodes = leavesOf(data);
  for (let level = 0; level < SEAL_LEVEL; level++) {
    const even = nodes.length % (2 * HASH_BYTES) === 0 ? nodes : concat(nodes, ZERO_HASHES[level] as Uint8Array);
    nodes = keccakEach(even, 2 * HASH_BYTES);
  }
  const path = paddedPath(nodes, SEAL_LEVEL, position / SECTORS_PER_SEAL);
  return Array.from({ length: path.length / HASH_BYTES }, (_, i) => path.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/** A miner who holds everything, sealed; empty seals only if it is asked for them. */
function openDisk({ data, contexts }: Log, minerId: Hex) {
  const sealerOf = (position: number): Hex => {
    const last = position + SECTORS_PER_SEAL - 1;
    return contexts.find((context) => context.flowLength > last)?.digest as Hex;
  };
  const cache = new Map<string, Uint8Array | undefined>();
  const sealAt = (position: number, empty: boolean): Uint8Array | undefined => {
    const plain = data.slice(position * SECTOR_BYTES, position * SECTOR_BYTES + SEAL_BYTES);
    if (position === 0 || plain.length < SEAL_BYTES || isEmptySeal(plain) !== empty) return undefined;
    return seal(plain, { minerId, contextDigest: sealerOf(position), position });
  };
  const load = (position: number, empty = false): (Uint8Array | undefined)[] =>
    Array.from({ length: SEALS_PER_LOAD }, (_, i) => {
      const at = position + i * SECTORS_PER_SEAL;
      const key = `${at} ${empty}`;
      if (!cache.has(key)) cache.set(key, sealAt(at, empty));
      return cache.get(key);
    });
  return { sealerOf, load };
}

function mining(): object {
  const log = buildLog();
  const context = log.contexts.at(-1) as Context;
  const requestBlock = context.mineStart + 1;
  const minerId = minerIdOf(hashOfBlock(requestBlock - 1), SENDER, MINER_SEED);
  const disk = openDisk(log, minerId);
  const subtask = subtaskIndexOf(context.digest, minerId, RULES.subtasks);
  const start = context.mineStart + subtask * RULES.subtaskInterval;
  const subtaskDigest = subtaskDigestOf(context.digest, hashOfBlock(start));
  const target = targetOf(BigInt(RULES.difficulty));
  const border = log.contexts[0]?.flowLength ?? 0;

  const mine = (
    name: string,
    range: RecallRange,
    nonces: string,
    wanted: (ticket: Ticket) => boolean,
    empty = false,
    onlyLoad?: number,
  ): object => {
    const work = { minerId, subtaskDigest, range, contextDigest: context.digest };
    const scaled = scaledTarget(target, range, context.flowLength, RULES.maxMiningLength);
    for (let i = 0; ; i++) {
      const nonce = keccakHex(keccakText(`${nonces} ${i}`));
      const trial = trialOf(work, nonce);
      if (trial.position === undefined || trial.position !== (onlyLoad ?? trial.position)) continue;
      for (const ticket of ticketsOf(trial, disk.load(trial.position, empty), scaled)) {
        if (!wanted(ticket)) continue;
        const path = pathOf(log.data, ticket.position);
        const answer = answerOf(ticket, work, nonce, { sealedContextDigest: disk.sealerOf(ticket.position), path });
        return { name, trials: i + 1, quality: big(ticket.quality), target: big(scaled), answer: jsonOf(answer) };
      }
    }
  };
  const rangeOf = (numShard: number, shardId: number): RecallRange =>
    recallRangeOf({ numShard, shardId }, context.flowLength, RULES) as RecallRange;
  const any = (): boolean => true;
  const acrossBorder = ({ position }: Ticket): boolean => position < border && position + SECTORS_PER_SEAL > border;
  return {
    rules: RULES,
    target: big(target),
    blocks: [...log.contexts.map((c) => c.mineStart), requestBlock - 1, start].map((number) => ({
      number,
      hash: hashOfBlock(number),
    })),
    files: log.files,
    contexts: log.contexts,
    miner: { sender: SENDER, seed: Number(MINER_SEED), requestBlock, minerId },
    subtask: { index: subtask, start, digest: subtaskDigest },
    answers: [
      mine("whole log", rangeOf(1, 0), "whole", any),
      mine("first context", rangeOf(1, 0), "first", ({ position }) => position + SECTORS_PER_SEAL <= border),
      mine("seal of two contexts", rangeOf(1, 0), "border", acrossBorder, false, border - (border % 1024)),
      mine("one shard of four", rangeOf(4, 3), "shard", any),
    ],
    empty: mine("empty seal", rangeOf(1, 0), "empty", any, true),
  };
}

/** Words as hex, sectors as numbers, the mask as hex: 64 bits do not fit a number. */
function jsonOf({ range, ...rest }: PoraAnswer): object {
  return {
    ...rest,
    range: { ...range, shardId: big(range.shardId), shardMask: big(range.shardMask) },
  };
}

function hashes(): object[] {
  return [0, 1, 3, 127, 128, 129, 255, 256, 257, 4224].map((length) => {
    const digest = words(blake2b(payloadOf(`blake2b ${length}`, length)));
    return { length, data: toHex(payloadOf(`blake2b ${length}`, length)), digest };
  });
}

function pads(): object[] {
  return ["pad 0", "pad 1"].map((name) => {
    const seed = payloadOf(name, 64);
    const { pad, recallSeed } = scratchPadOf(seed);
    return { seed: words(seed), padHash: keccakHex(pad), recallSeed: toHex(recallSeed) };
  });
}

function seals(): object[] {
  return [0, 16, 2 ** 40].map((position) => {
    const [minerId, contextDigest] = [keccakHex(keccakText("miner")), keccakHex(keccakText(`context ${position}`))];
    const data = position === 16 ? new Uint8Array(SEAL_BYTES) : payloadOf(`seal ${position}`, SEAL_BYTES);
    return {
      minerId,
      contextDigest,
      position,
      data: words(data),
      root: toHex(sealRootOf(data)),
      sealed: words(seal(data, { minerId, contextDigest, position })),
    };
  });
}

function ranges(): object[] {
  const all = 2n ** 64n - 1n;
  const cases: [start: number, length: number, id: bigint, mask: bigint, flow: number, max: number][] = [
    [0, 1024, 0n, all, 1024, 2 ** 35],
    [0, 6144, 0n, all, 7000, 2 ** 35],
    [0, 6144, 3n, all - 3n, 7000, 2 ** 35],
    [0, 6144, 2n, all - 2n, 7000, 2 ** 35],
    [32_768, 32_768, 0n, all, 100_000, 32_768],
    [0, 98_304, 5n, all - 7n, 100_000, 32_768],
    [2 ** 25, 2 ** 40, 255n, all - 255n, 2 ** 45 + 77, 2 ** 35],
    [0, 1024, 0n, 2n ** 54n - 1n, 1025, 2 ** 35],
  ];
  return cases.map(([startPosition, mineLength, shardId, shardMask, flowLength, maxMiningLength]) => {
    const range = { startPosition, mineLength, shardId, shardMask };
    const target = targetOf(12_345n);
    return {
      ...range,
      shardId: big(shardId),
      shardMask: big(shardMask),
      flowLength,
      maxMiningLength,
      shards: Number(shardsOf(shardMask)),
      digest: toHex(rangeDigest(range)),
      target: big(target),
      scaled: big(scaledTarget(target, range, flowLength, maxMiningLength)),
      recalls: Array.from({ length: 4 }, (_, i) => {
        const seed = keccakText(`recall ${i}`);
        return { seed: toHex(seed), position: recallPositionOf(range, seed)?.toString() ?? "" };
      }),
    };
  });
}

function difficulties(): object[] {
  return Array.from({ length: 32 }, (_, i) => {
    const random = (name: string, max: bigint): bigint => bytesToBig(keccakText(`${name} ${i}`)) % max;
    const wanted = 1n + random("wanted", i % 2 === 0 ? 100n : 2n ** 15n);
    const rules = { wanted, ratio: 1n + random("ratio", 40n), maxTarget: targetOf(1n + random("least", 1000n)) };
    // Every fourth epoch is full, and every fourth lacks one answer to that.
    const full = [2n * wanted, 2n * wanted - 1n][i % 4];
    const answers = full ?? 1n + random("answers", 2n * wanted);
    const target = [MIN_TARGET, rules.maxTarget, targetOf(1000n + random("target", 2n ** BigInt(1 + 3 * i)))][
      Math.min(i, 2)
    ] as bigint;
    const epochs = random("epochs", i % 3 === 0 ? 300n : 12n);
    return {
      target: big(target),
      answers: Number(answers),
      wanted: Number(wanted),
      ratio: Number(rules.ratio),
      maxTarget: big(rules.maxTarget),
      adjusted: big(adjustedTarget(target, answers, rules)),
      epochs: Number(epochs),
      relieved: big(relievedTarget(target, epochs, rules.maxTarget)),
    };
  });
}

export function poraVectors(): object {
  return {
    maxUint256: big(MAX_UINT256),
    blake2b: hashes(),
    pads: pads(),
    seals: seals(),
    ranges: ranges(),
    difficulties: difficulties(),
    mining: mining(),
  };
}

export function renderPora(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

if (import.meta.main) {
  const made = renderPora(poraVectors());
  if (!process.argv.includes("--check")) await writeFile(FILE, made);
  else if ((await readFile(FILE, "utf8").catch(() => "")) !== made) {
    console.error("test/vectors/pora.json is not what the code makes: run npm run vectors");
    process.exitCode = 1;
  }
}
