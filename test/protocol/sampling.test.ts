import { readFileSync } from "node:fs";
import { expect } from "chai";
import { AbiCoder, concat, keccak256 } from "ethers";
import fc from "fast-check";
import { drawColumns } from "../../protocol/column.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { keccakHex, keccakText } from "../../protocol/keccak.ts";
import {
  adjustedPrize,
  type Bet,
  batchPrize,
  isPaid,
  isWinning,
  MOST_PRIZE,
  prizeIn,
  relievedPrize,
  ticketQuality,
  winningQualities,
} from "../../protocol/lottery.ts";
import {
  auditedCell,
  auditedSample,
  certificateHash,
  isAudited,
  mustAnswer,
  ticketCells,
} from "../../protocol/sampling.ts";
import { renderSampling, samplingVectors } from "../../scripts/vectors-sampling.ts";
import { payloadOf } from "./sample.ts";

const coder = AbiCoder.defaultAbiCoder();
const tag = (name: string): string => toHex(keccakText(name));
const SIGNATURE = toHex(payloadOf("signature", 256));
const BATCH = keccakHex(keccakText("batch"));
const SEED = keccakHex(keccakText("seed"));

describe("sampling", () => {
  it("writes the vectors that are committed", () => {
    const committed = readFileSync(new URL("../vectors/sampling.json", import.meta.url), "utf8");
    expect(renderSampling(samplingVectors())).to.equal(committed);
  });

  it("has a ticket in each sampled column, in a row that the signature draws", () => {
    const cells = ticketCells(SIGNATURE, 16, 15);
    expect(cells.map(({ column }) => column)).to.deep.equal(drawColumns(SIGNATURE, 16));
    for (const [index, { row }] of cells.entries()) {
      const words = coder.encode(
        ["bytes32", "bytes32", "uint256"],
        [tag("0G-DA/sample-row/v1"), keccak256(SIGNATURE), index],
      );
      expect(row).to.equal(Number(BigInt(keccak256(words)) % 15n));
    }
    expect(ticketCells(SIGNATURE, 52, 15).slice(0, 16)).to.deep.equal(cells);
  });

  it("gives a ticket the quality of all bytes of its cell, and of its author, batch and index", () => {
    const cell = payloadOf("cell", 2048);
    const quality = ticketQuality(BATCH, SIGNATURE, 3, cell);
    const head = coder.encode(
      ["bytes32", "bytes32", "bytes32", "uint256"],
      [tag("0G-DA/ticket/v1"), BATCH, keccak256(SIGNATURE), 3],
    );
    expect(quality).to.equal(BigInt(keccak256(concat([head, cell]))));
    const other = toHex(payloadOf("other", 256));
    const changed = cell.slice();
    changed[2047] = (changed[2047] as number) ^ 1;
    const qualities = [
      quality,
      ticketQuality(SEED, SIGNATURE, 3, cell),
      ticketQuality(BATCH, other, 3, cell),
      ticketQuality(BATCH, SIGNATURE, 4, cell),
      ticketQuality(BATCH, SIGNATURE, 3, changed),
    ];
    expect(new Set(qualities).size).to.equal(qualities.length);
  });

  it("lets exactly the counted qualities win, and no more than the share of the fee in all", () => {
    const amount = fc.bigInt(1n, 2n ** 89n);
    const property = fc.property(
      amount,
      amount,
      amount,
      amount,
      fc.bigInt(4n, 128n),
      (fee, stake, rest, round, samples) => {
        const prize = batchPrize(round, fee);
        const bet: Bet = { fee, stake, totalStake: stake + rest, samples, prize };
        const winning = winningQualities(bet);
        expect(winning <= 2n ** 64n).to.equal(true);
        if (winning > 0n) expect(isWinning((winning << 192n) - 1n, bet)).to.equal(true);
        if (winning < 2n ** 64n) expect(isWinning(winning << 192n, bet)).to.equal(false);
        expect(winning * samples * prize * bet.totalStake <= fee * stake * 2n ** 64n).to.equal(true);
      },
    );
    fc.assert(property);
  });

  it("moves the prize by a quarter at most, and through any silence in one step (A21)", () => {
    const rule = { wanted: 16n, least: 10n };
    expect(adjustedPrize(1000n, 16n, rule)).to.equal(1000n);
    expect(adjustedPrize(1000n, 32n, rule)).to.equal(1250n);
    expect(adjustedPrize(1000n, 0n, rule)).to.equal(750n);
    expect(adjustedPrize(MOST_PRIZE, 32n, rule)).to.equal(MOST_PRIZE);
    expect(relievedPrize(1024n, 2n, 10n)).to.equal(576n);
    expect(relievedPrize(MOST_PRIZE, 10_000n, 10n)).to.equal(10n);
    const last = { number: 5n, prize: 1000n, claims: 32n };
    expect([5n, 6n, 7n, 10_005n].map((round) => prizeIn(round, last, rule))).to.deep.equal([1000n, 1250n, 937n, 10n]);
  });

  it("asks one slot in eight, each of them for a cell of its own samples", () => {
    const seeds = Array.from({ length: 100 }, (_, i) => keccakHex(keccakText(`audit ${i}`)));
    const slots = Array.from({ length: 200 }, (_, slot) => slot);
    const asked = seeds.flatMap((seed) => slots.filter((slot) => isAudited(seed, slot, 1250)));
    expect(asked.length).to.be.within(2500 - 188, 2500 + 188);
    for (const slot of slots) {
      const { index, row } = auditedSample(SEED, slot, 16, 15);
      const column = drawColumns(SIGNATURE, 16)[index];
      expect(auditedCell(SEED, slot, SIGNATURE, 16, 15)).to.deep.equal({ row, column });
    }
  });

  it("holds to account who signed, was asked and is not settled", () => {
    const slot = Array.from({ length: 200 }, (_, i) => i).find((i) => isAudited(SEED, i, 1250)) as number;
    const certificate = { seed: BATCH, auditSeed: SEED, absent: 0n };
    const bit = 1n << BigInt(slot);
    expect(mustAnswer(certificate, slot, 1250, 0n)).to.equal(true);
    expect(mustAnswer({ ...certificate, absent: bit }, slot, 1250, 0n)).to.equal(false);
    expect(mustAnswer(certificate, slot, 1250, bit)).to.equal(false);
    expect(mustAnswer(certificate, slot, 0, 0n)).to.equal(false);
    const words = coder.encode(["bytes32", "bytes32", "uint256"], [BATCH, SEED, bit]);
    expect(certificateHash({ ...certificate, absent: bit })).to.equal(keccak256(words) as Hex);
  });

  it("reads the tickets that were paid", () => {
    const word = (BigInt(199 * 128 + 127 + 1) << 16n) | BigInt(0 * 128 + 0 + 1);
    expect(isPaid(word, 199, 127)).to.equal(true);
    expect(isPaid(word, 0, 0)).to.equal(true);
    expect(isPaid(word, 0, 1)).to.equal(false);
    expect(isPaid(0n, 0, 0)).to.equal(false);
  });
});
