import { readFileSync } from "node:fs";
import { blake2b } from "@noble/hashes/blake2.js";
import { expect } from "chai";
import fc from "fast-check";
import { bytesToBig, concat, equalBytes, fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccakHex, keccakText } from "../../protocol/keccak.ts";
import { AT, openMiningKernel } from "../../protocol/miningWasm.ts";
import { type MineWork, qualityOf, trialOf } from "../../protocol/pora.ts";
import { recallPositionOf, recallRangeOf } from "../../protocol/recallRange.ts";
import { PAD_BYTES, scratchPadOf } from "../../protocol/scratchPad.ts";
import { SEAL_BYTES, SEALS_PER_LOAD, seal, unseal } from "../../protocol/seal.ts";
import { type SealTask, sealInto, unsealInto } from "../../protocol/sealing.ts";
import { LOST, openSearch } from "../../protocol/search.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

interface Vectors {
  readonly pads: readonly { readonly seed: Hex[]; readonly padHash: Hex; readonly recallSeed: Hex }[];
  readonly seals: readonly {
    readonly minerId: Hex;
    readonly contextDigest: Hex;
    readonly position: number;
    readonly data: Hex[];
    readonly sealed: Hex[];
  }[];
  readonly mining: {
    readonly subtask: { readonly digest: Hex };
    readonly answers: readonly { readonly quality: Hex; readonly answer: Answer }[];
  };
}
interface Answer {
  readonly nonce: Hex;
  readonly minerId: Hex;
  readonly range: {
    readonly startPosition: number;
    readonly mineLength: number;
    readonly shardId: Hex;
    readonly shardMask: Hex;
  };
  readonly recallPosition: number;
  readonly sealOffset: number;
  readonly sealedData: Hex[];
}

const vectors = JSON.parse(readFileSync(new URL("../vectors/pora.json", import.meta.url), "utf8")) as Vectors;
const hash = (name: string): Hex => toHex(keccakText(name));
const bytesOf = (words: readonly Hex[]): Uint8Array => concat(...words.map((word) => fromHex(word, 32)));
const kernel = openMiningKernel();
const memory = new Uint8Array(kernel.memory.buffer);
const at = (from: number, length: number): Uint8Array => memory.slice(from, from + length);
const sealsOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / SEAL_BYTES }, (_, i) => bytes.subarray(i * SEAL_BYTES, (i + 1) * SEAL_BYTES));

describe("mining kernel", () => {
  it("makes the pads of the committed vectors, in either lane", () => {
    const [one, two] = vectors.pads as [Vectors["pads"][0], Vectors["pads"][0]];
    for (const pair of [
      [one, two],
      [two, one],
    ]) {
      memory.set(bytesOf(pair.flatMap(({ seed }) => seed)), AT.seeds);
      kernel.pads(AT.seeds, AT.pads, AT.recall);
      for (const [i, { padHash, recallSeed }] of pair.entries()) {
        expect(keccakHex(at(AT.pads + i * PAD_BYTES, PAD_BYTES))).to.equal(padHash);
        expect(toHex(at(AT.recall + 32 * i, 32))).to.equal(recallSeed);
      }
    }
  });

  it("makes two trials from any two messages as noble's hash and the plain pad do", () => {
    const bytes = fc.uint8Array({ minLength: 256, maxLength: 256 });
    const property = fc.property(bytes, (input) => {
      memory.set(input, AT.input);
      kernel.trials();
      return [0, 1].every((i) => {
        const seed = blake2b(input.subarray(128 * i, 128 * (i + 1)));
        const { pad, recallSeed } = scratchPadOf(seed);
        return (
          equalBytes(at(AT.seeds + 64 * i, 64), seed) &&
          equalBytes(at(AT.pads + PAD_BYTES * i, PAD_BYTES), pad) &&
          equalBytes(at(AT.recall + 32 * i, 32), recallSeed)
        );
      });
    });
    fc.assert(property, { numRuns: 20, examples: [[new Uint8Array(256)], [new Uint8Array(256).fill(255)]] });
  });

  it("gives the answers of the committed vectors, which the contract accepts, their places and qualities", () => {
    for (const { quality, answer } of vectors.mining.answers) {
      const { startPosition, mineLength, shardId, shardMask } = answer.range;
      const range = { startPosition, mineLength, shardId: BigInt(shardId), shardMask: BigInt(shardMask) };
      // Their nonces are whole hashes: into the message by hand.
      openSearch(kernel, { minerId: answer.minerId, subtaskDigest: vectors.mining.subtask.digest, range }, 0n, NONCES);
      memory.set(fromHex(answer.nonce, 32), AT.input + 32);
      kernel.trials();
      expect((recallPositionOf(range, at(AT.recall, 32)) as number) + 16 * answer.sealOffset).to.equal(
        answer.recallPosition,
      );
      memory.set(bytesOf(answer.sealedData), AT.load + answer.sealOffset * SEAL_BYTES);
      memory.fill(answer.sealOffset, AT.list, AT.list + 2);
      kernel.tickets(0, 1);
      expect(toHex(at(AT.qualities, 32))).to.equal(quality);
    }
  });
});

const NONCES: Hex = `0x${"ab".repeat(24)}`;

describe("sealing by the kernel", () => {
  it("makes the seals of the committed vectors", () => {
    for (const { minerId, contextDigest, position, data, sealed } of vectors.seals) {
      const bytes = bytesOf(data);
      sealInto(kernel, bytes, { minerId, startSector: position, contexts: [contextDigest] });
      expect(toHex(bytes)).to.equal(toHex(bytesOf(sealed)));
    }
  });

  it("makes of any number of seals, of any contexts, what the plain one makes of each, and gives the data back", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: SEALS_PER_LOAD }),
      fc.nat({ max: 2 ** 40 }),
      fc.nat({ max: 1000 }),
      (count, start, seed) => {
        const data = payloadOf(`load ${seed}`, count * SEAL_BYTES);
        const task: SealTask = {
          minerId: hash(`miner ${seed}`),
          startSector: 16 * start,
          contexts: Array.from({ length: count }, (_, i) => hash(`context ${Math.floor((i + seed) / 7)}`)),
        };
        const bytes = data.slice();
        sealInto(kernel, bytes, task);
        const right = sealsOf(bytes).every((own, i) => {
          const key = { minerId: task.minerId, contextDigest: task.contexts[i] as Hex };
          const position = task.startSector + 16 * i;
          const plain = data.subarray(i * SEAL_BYTES, (i + 1) * SEAL_BYTES);
          return (
            equalBytes(own, seal(plain, { ...key, position })) && equalBytes(unseal(own, { ...key, position }), plain)
          );
        });
        unsealInto(kernel, bytes, task);
        return right && equalBytes(bytes, data);
      },
    );
    fc.assert(property, { numRuns: 12 });
  });

  it("refuses what is not a run of whole seals in their places", () => {
    const task: SealTask = { minerId: hash("miner"), startSector: 16, contexts: [hash("a"), hash("b")] };
    const bytes = new Uint8Array(2 * SEAL_BYTES);
    const cases: [string, Uint8Array, SealTask][] = [
      ["LengthMismatch", bytes.subarray(1), task],
      ["BadRequest", bytes, { ...task, startSector: 8 }],
      ["BadRequest", bytes, { ...task, startSector: -16 }],
      ["BadRequest", bytes.subarray(0, 0), { ...task, contexts: [] }],
      ["BadRequest", new Uint8Array(65 * SEAL_BYTES), { ...task, contexts: Array(65).fill(hash("a")) }],
      ["MalformedHex", bytes, { ...task, minerId: "0x12" }],
      ["MalformedHex", bytes, { ...task, contexts: [hash("a"), "0x"] }],
    ];
    for (const [code, data, bad] of cases) {
      expect(refusal(() => sealInto(kernel, data, bad))).to.equal(code);
      expect(refusal(() => unsealInto(kernel, data, bad))).to.equal(code);
    }
    expect(bytes.every((byte) => byte === 0)).to.equal(true);
  });
});

describe("search by the kernel", () => {
  const rules = { sectorsPerPrice: 32_768, maxMiningLength: 2 ** 35 };
  const range = recallRangeOf({ shardId: 2, numShard: 4 }, 40 * 1024, rules)!;
  const work: MineWork = { minerId: hash("miner"), subtaskDigest: hash("subtask"), range };
  const load = payloadOf("sealed load", SEALS_PER_LOAD * SEAL_BYTES);
  const nonceOf = (n: number): Hex => `${NONCES}${n.toString(16).padStart(16, "0")}`;
  const some = (bits: number): Uint8Array =>
    fromHex(`0x${"00".repeat(3)}${toHex(payloadOf(`bits ${bits}`, 8)).slice(2)}`);

  it("draws the loads that the plain trial draws, also lost ones, for numbers beyond 32 bits, too", () => {
    const wide = { ...range, startPosition: 2 ** 40, mineLength: 2 ** 54 };
    const odd = { ...range, mineLength: 6 * 1024, shardId: 5n, shardMask: 2n ** 64n - 1n - 5n };
    const seen = new Set<boolean>();
    for (const own of [range, wide, odd, { ...range, mineLength: 1024 }]) {
      const search = openSearch(kernel, { ...work, range: own }, 0n, NONCES);
      for (const n of [0, 2, 2 ** 32 - 1, 2 ** 53 - 2]) {
        const drawn = [...search.draw(n)];
        const plain = [n, n + 1].map((i) => trialOf({ ...work, range: own }, nonceOf(i)).position);
        expect(drawn).to.deep.equal(plain.map((position) => (position === undefined ? LOST : position / 1024)));
        for (const position of plain) seen.add(position === undefined);
      }
    }
    expect(seen.size, "some lost, some not").to.equal(2);
  });

  it("hashes the seals that are there, all 64 or any of them, as the plain quality does", () => {
    const all = new Uint8Array(8).fill(255);
    const search = openSearch(kernel, work, 2n ** 256n - 1n, NONCES);
    search.load.set(load);
    const cases: [Uint8Array, number, number][] = [
      [all, 0, 64],
      [all, 0, 13],
      [all, 0, 0],
      [new Uint8Array(8), 0, 64],
      ...[1, 2, 3, 4].map((i): [Uint8Array, number, number] => [some(i), 3, 64]),
    ];
    for (const [filled, from, seals] of cases) {
      const [drawn = LOST] = search.draw(8);
      for (const trial of [0, 1] as const) {
        const plain = trialOf(work, nonceOf(8 + trial));
        const expected = Array.from({ length: seals }, (_, i) => i).filter(
          (i) => ((filled[from + (i >> 3)]! >> (i & 7)) & 1) === 1,
        );
        expect(search.hash(trial, filled, from, seals)).to.equal(expected.length);
        const hits = expected.map((_, i) => search.hit(i)!);
        expect(hits.map((hit) => hit.sealOffset)).to.deep.equal(expected);
        for (const { sealOffset, sealed, quality, nonce, position } of hits) {
          expect(equalBytes(sealed, sealsOf(load)[sealOffset]!)).to.equal(true);
          expect(quality).to.equal(qualityOf(plain, sealed, sealOffset));
          expect(nonce).to.equal(nonceOf(8 + trial));
          if (trial === 0) expect(position).to.equal(drawn * 1024 + 16 * sealOffset);
        }
      }
    }
  });

  it("takes a quality at the target and none above it, also where their first bits agree", () => {
    const all = new Uint8Array(8).fill(255);
    const trial = trialOf(work, nonceOf(4));
    const qualities = sealsOf(load).map((own, i) => qualityOf(trial, own, i));
    const best = qualities.reduce((a, b) => (a < b ? a : b));
    for (const [target, count] of [
      [best, 1],
      [best - 1n, 0],
      [best | (2n ** 200n - 1n), 1],
      [0n, 0],
    ] as const) {
      const search = openSearch(kernel, work, target, NONCES);
      search.load.set(load);
      search.draw(4);
      const hits = Array.from({ length: search.hash(0, all, 0, 64) }, (_, i) => search.hit(i)).filter((hit) => hit);
      expect(hits.map((hit) => hit?.quality)).to.deep.equal(Array(count).fill(best));
    }
    expect(bytesToBig(at(AT.qualities, 32))).to.equal(qualities[0]);
  });

  /**
   * Six times on a quiet machine (bench/mine.ts); what is told here is that it is no rounding error. The kernel on both sides:
   * by the thread's CPU time, side by side, the best of several, so that neither other work nor the compiler counts.
   */
  it("makes a trial whose load must be sealed first cost three times one whose load is sealed (A29)", () => {
    const search = openSearch(kernel, work, 0n, NONCES);
    const contexts = Array<Hex>(SEALS_PER_LOAD).fill(hash("context"));
    const all = new Uint8Array(8).fill(255);
    const bytes = load.slice();
    const cpuOf = (run: () => void): number => {
      const before = process.threadCpuUsage();
      run();
      const { user, system } = process.threadCpuUsage(before);
      return user + system;
    };
    const trials = (n: number): void => {
      search.draw(n);
      for (const trial of [0, 1] as const) search.hash(trial, all, 0, SEALS_PER_LOAD);
    };
    const [stored, sealed] = [[] as number[], [] as number[]];
    for (let round = 0; round < 12; round++) {
      stored.push(
        cpuOf(() => {
          for (let n = 0; n < 20; n += 2) trials(n);
        }),
      );
      sealed.push(
        cpuOf(() => {
          for (let n = 0; n < 20; n++) sealInto(kernel, bytes, { minerId: work.minerId, startSector: 0, contexts });
        }),
      );
    }
    expect((Math.min(...stored) + Math.min(...sealed)) / Math.min(...stored)).to.be.above(3);
  });

  it("refuses what cannot be searched", () => {
    for (const bad of [0, 1023, Number.NaN, 2 ** 56]) {
      const own = { ...work, range: { ...range, mineLength: bad } };
      expect(refusal(() => openSearch(kernel, own, 0n, NONCES))).to.equal("BadRequest");
    }
    expect(refusal(() => openSearch(kernel, work, 0n, "0x12"))).to.equal("MalformedHex");
    expect(refusal(() => openSearch(kernel, { ...work, minerId: "0x" }, 0n, NONCES))).to.equal("MalformedHex");
  });
});
