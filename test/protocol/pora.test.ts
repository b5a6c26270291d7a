import { readFileSync } from "node:fs";
import { expect } from "chai";
import { AbiCoder, keccak256, solidityPackedKeccak256 } from "ethers";
import fc from "fast-check";
import { MAX_UINT256, relievedTarget, targetIn, targetOf } from "../../protocol/difficulty.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { keccakText } from "../../protocol/keccak.ts";
import {
  contextDigestOf,
  minerIdOf,
  qualityOf,
  subtaskDigestOf,
  subtaskIndexOf,
  ticketsOf,
  trialOf,
} from "../../protocol/pora.ts";
import { rangeDigest, recallPositionOf, recallRangeOf, scaledTarget, shardsOf } from "../../protocol/recallRange.ts";
import { isEmptySeal, SEAL_BYTES, seal, sealRootOf, unseal } from "../../protocol/seal.ts";
import { poraVectors, renderPora } from "../../scripts/vectors-pora.ts";
import { chunks, naiveRoot } from "./naive.ts";
import { refusal } from "./refusal.ts";
import { payloadOf } from "./sample.ts";

const hash = (name: string): Hex => toHex(keccakText(name));
const KEY = { minerId: hash("miner"), contextDigest: hash("context"), position: 4096 };
const coder = AbiCoder.defaultAbiCoder();

describe("seal", () => {
  it("gives its data back, and only to its own key", () => {
    const data = payloadOf("sealed", SEAL_BYTES);
    const sealed = seal(data, KEY);
    expect(unseal(sealed, KEY)).to.deep.equal(data);
    for (const other of [
      { ...KEY, minerId: hash("thief") },
      { ...KEY, contextDigest: hash("later") },
      { ...KEY, position: 4112 },
    ]) {
      expect(unseal(sealed, other)).to.not.deep.equal(data);
      expect(seal(data, other)).to.not.deep.equal(sealed);
    }
    expect(data).to.deep.equal(payloadOf("sealed", SEAL_BYTES));
  });

  it("masks each word with the hash of the sealed word before it", () => {
    const data = payloadOf("words", SEAL_BYTES);
    const sealed = chunks(seal(data, KEY), 32);
    let mask = keccak256(coder.encode(["bytes32", "bytes32", "uint256"], [KEY.minerId, KEY.contextDigest, 4096]));
    for (const [i, word] of chunks(data, 32).entries()) {
      expect(BigInt(toHex(sealed[i] as Uint8Array))).to.equal(BigInt(toHex(word)) ^ BigInt(mask));
      mask = keccak256(sealed[i] as Uint8Array);
    }
  });

  it("has the root of its sixteen sectors, and knows when it holds nothing", () => {
    const data = payloadOf("root", SEAL_BYTES);
    const leaves = chunks(data, 256).map((sector) => fromHex(keccak256(sector)));
    expect(sealRootOf(data)).to.deep.equal(naiveRoot(leaves, new Uint8Array(32)));
    expect(isEmptySeal(data)).to.equal(false);
    expect(isEmptySeal(new Uint8Array(SEAL_BYTES))).to.equal(true);
    expect(isEmptySeal(new Uint8Array(SEAL_BYTES).fill(1, SEAL_BYTES - 1))).to.equal(false);
  });

  it("is 4,096 bytes and nothing else", () => {
    for (const length of [0, 1, SEAL_BYTES - 1, SEAL_BYTES + 1]) {
      expect(refusal(() => seal(new Uint8Array(length), KEY))).to.equal("LengthMismatch");
      expect(refusal(() => unseal(new Uint8Array(length), KEY))).to.equal("LengthMismatch");
      expect(refusal(() => sealRootOf(new Uint8Array(length)))).to.equal("LengthMismatch");
    }
    expect(refusal(() => seal(new Uint8Array(SEAL_BYTES), { ...KEY, position: -1 }))).to.equal("BadRequest");
  });
});

describe("recall range", () => {
  const rules = { sectorsPerPrice: 32_768, maxMiningLength: 65_536 };

  it("is the one that the contract asks for, wherever the miner would start", () => {
    const property = fc.property(
      fc.nat({ max: 1_000_000 }),
      fc.nat({ max: 5 }),
      fc.nat({ max: 2_000_000 }),
      (flowLength, log, from) => {
        const shard = { shardId: 2 ** log - 1, numShard: 2 ** log };
        const range = recallRangeOf(shard, flowLength, rules, from);
        const end = flowLength - (flowLength % 1024);
        if (range === undefined) return end === 0;
        return (
          range.startPosition % rules.sectorsPerPrice === 0 &&
          range.startPosition >= 0 &&
          range.startPosition + range.mineLength <= end &&
          range.mineLength === Math.min(end, rules.maxMiningLength * shard.numShard) &&
          shardsOf(range.shardMask) === BigInt(shard.numShard) &&
          (range.shardId & range.shardMask) === 0n
        );
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it("draws the loads of its shard, and none beyond its end", () => {
    const range = recallRangeOf({ shardId: 3, numShard: 4 }, 6_500, rules);
    const drawn = new Set<number | undefined>();
    for (let i = 0; i < 200; i++) drawn.add(recallPositionOf(range!, keccakText(`draw ${i}`)));
    expect([...drawn].sort()).to.deep.equal([3 * 1024, undefined]);
  });

  it("makes a stored byte worth the same in a shard of any size", () => {
    const target = targetOf(1_000_000n);
    for (let numShard = 1; numShard <= 32; numShard *= 2) {
      const range = recallRangeOf({ shardId: 0, numShard }, 65_536, rules);
      const scaled = scaledTarget(target, range!, 65_536, rules.maxMiningLength);
      // Integers: Hardhat's matchers, where they are loaded, take no fractions.
      const perMillion = Number((scaled * BigInt(numShard) * 1_000_000n) / target);
      expect(perMillion).to.be.within(999_998, 1_000_002);
    }
  });

  it("hashes as the contract's abi.encode does", () => {
    const range = recallRangeOf({ shardId: 5, numShard: 8 }, 100_000, rules, 40_000)!;
    const types = ["uint256", "uint256", "uint64", "uint64"];
    const values = [range.startPosition, range.mineLength, range.shardId, range.shardMask];
    expect(toHex(rangeDigest(range))).to.equal(keccak256(coder.encode(types, values)));
  });
});

describe("trial", () => {
  const range = recallRangeOf({ shardId: 0, numShard: 1 }, 4096, { sectorsPerPrice: 1024, maxMiningLength: 4096 })!;
  const work = { minerId: KEY.minerId, subtaskDigest: hash("subtask"), range };

  it("names its ids and digests as the contract does", () => {
    const [a, b] = [hash("a"), hash("b")];
    const sender: Hex = `0x${"5e".repeat(20)}`;
    const pair = (x: Hex, y: Hex) => keccak256(coder.encode(["bytes32", "bytes32"], [x, y]));
    expect(minerIdOf(a, sender, 7n)).to.equal(
      solidityPackedKeccak256(["bytes32", "address", "uint64"], [a, sender, 7n]),
    );
    expect(contextDigestOf(a, b, 77)).to.equal(keccak256(coder.encode(["bytes32", "bytes32", "uint256"], [a, b, 77])));
    expect(subtaskDigestOf(a, b)).to.equal(pair(a, b));
    expect(subtaskIndexOf(a, b, 7)).to.equal(Number(BigInt(pair(a, b)) % 7n));
  });

  it("depends on all that it is made of, and reads nothing before the pad is made", () => {
    const trial = trialOf(work, hash("nonce"));
    const others = [
      trialOf(work, hash("other nonce")),
      trialOf({ ...work, minerId: hash("other miner") }, hash("nonce")),
      trialOf({ ...work, subtaskDigest: hash("other subtask") }, hash("nonce")),
      trialOf({ ...work, range: { ...range, shardMask: range.shardMask - 1n } }, hash("nonce")),
    ];
    for (const other of others) expect(other.pad).to.not.deep.equal(trial.pad);
    expect(trialOf(work, hash("nonce"))).to.deep.equal(trial);
    expect(trial.pad.length).to.equal(16_384);
    expect(trial.position! % 1024).to.equal(0);
  });

  it("gives the tickets that are low enough, of seals that are there", () => {
    const trial = trialOf(work, hash("nonce"));
    const load = Array.from({ length: 64 }, (_, i) => (i % 3 === 0 ? payloadOf(`seal ${i}`, SEAL_BYTES) : undefined));
    const all = [...ticketsOf(trial, load, MAX_UINT256)];
    expect(all.map(({ sealOffset }) => sealOffset)).to.deep.equal(load.flatMap((s, i) => (s === undefined ? [] : [i])));
    for (const { sealOffset, position, quality, sealed } of all) {
      expect(position).to.equal(trial.position! + sealOffset * 16);
      expect(quality).to.equal(qualityOf(trial, sealed, sealOffset));
    }
    const median = all.map(({ quality }) => quality).sort((a, b) => (a < b ? -1 : 1))[10]!;
    expect([...ticketsOf(trial, load, median)].length).to.equal(11);
    expect([...ticketsOf({ ...trial, position: undefined }, load, MAX_UINT256)]).to.deep.equal([]);
  });
});

describe("target", () => {
  const rules = { wanted: 10n, ratio: 20n, maxTarget: targetOf(1000n) };

  it("follows the answers of the last epoch, then doubles for each epoch without any", () => {
    const last = { target: targetOf(1_000_000n), epoch: 7n, answers: 19n };
    expect(targetIn(7n, last, rules)).to.equal(last.target);
    const next = targetIn(8n, last, rules);
    expect(Number((next * 1000n) / last.target)).to.equal(976);
    expect(targetIn(11n, last, rules)).to.equal(next * 8n);
    expect(targetIn(10_007n, last, rules)).to.equal(rules.maxTarget);
    // One answer more is all that an epoch takes.
    expect(targetIn(8n, { ...last, answers: 20n }, rules)).to.equal(((last.target >> 16n) / 2n) << 16n);
    // Before the first answer there is nothing to follow: only time counts.
    expect(targetIn(9n, { ...last, answers: 0n }, rules)).to.equal(relievedTarget(last.target, 1n, rules.maxTarget));
  });
});

describe("committed vectors of mining", function () {
  this.timeout(60_000);

  it("are what the code makes, so that Solidity and TypeScript read the same", () => {
    const committed = readFileSync(new URL("../vectors/pora.json", import.meta.url), "utf8");
    expect(committed === renderPora(poraVectors()), "test/vectors/pora.json: run npm run vectors").to.equal(true);
  });
});
