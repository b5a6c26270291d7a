import { readFile, writeFile } from "node:fs/promises";
import { drawColumns } from "../protocol/column.ts";
import { bigToBytes, bytesToBig, type Hex, toHex } from "../protocol/hex.ts";
import { keccakHex, keccakText } from "../protocol/keccak.ts";
import {
  adjustedPrize,
  type Bet,
  batchPrize,
  isWinning,
  MOST_PRIZE,
  mostPrizes,
  prizeIn,
  relievedPrize,
  ticketQuality,
  winningQualities,
} from "../protocol/lottery.ts";
import { auditedSample, certificateHash, isAudited, ticketCells } from "../protocol/sampling.ts";
import { payloadOf } from "../test/protocol/sample.ts";

/**
 * Writes test/vectors/sampling.json: draws, tickets, prizes and audits, for the Solidity and the TypeScript tests. `--check`
 * says whether the file would change. Everything follows from names.
 */
const FILE = new URL("../test/vectors/sampling.json", import.meta.url);

const big = (value: bigint): Hex => toHex(bigToBytes(value, 32));
const random = (name: string, below: bigint): bigint => bytesToBig(keccakText(name)) % below;
const each = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

function draws(): object[] {
  return each(6, (i) => {
    const signature = toHex(payloadOf(`signature ${i}`, 256));
    const rowCount = [1, 3, 15, 240, 256, 512][i] as number;
    const batchId = keccakHex(keccakText(`batch ${i}`));
    const cell = payloadOf(`cell ${i}`, 2048);
    return {
      signature,
      rowCount,
      columns: drawColumns(signature, 128),
      rows: ticketCells(signature, 128, rowCount).map(({ row }) => row),
      batchId,
      cell: toHex(cell),
      index: i * 25,
      quality: big(ticketQuality(batchId, signature, i * 25, cell)),
    };
  });
}

/** A bet, and the best and the worst quality that tell a win from a loss. */
function bets(): object[] {
  return each(12, (i) => {
    const totalStake = 1n + random(`total ${i}`, 2n ** BigInt(8 * i + 8));
    const samples = 4n + random(`samples ${i}`, 125n);
    const fee = i === 0 ? 0n : 1n + random(`fee ${i}`, 2n ** BigInt(7 * i));
    const stake = i % 3 === 0 ? totalStake : 1n + random(`stake ${i}`, totalStake);
    const prize = batchPrize(1n + random(`prize ${i}`, 2n ** BigInt(7 * i + 3)), fee);
    const bet: Bet = { fee, stake, totalStake, samples, prize };
    const winning = winningQualities(bet);
    const last = winning === 0n ? 0n : (winning << 192n) - 1n;
    const next = winning === 2n ** 64n ? last : winning << 192n;
    const [least, beyond] = [isWinning(last, bet), isWinning(next, bet)];
    return {
      fee: big(fee),
      stake: big(stake),
      totalStake: big(totalStake),
      samples: Number(samples),
      prize: big(prize),
      most: Number(mostPrizes(fee, prize)),
      last: { quality: big(last), wins: least },
      next: { quality: big(next), wins: beyond },
    };
  });
}

function prizes(): object[] {
  return each(24, (i) => {
    const least = 1n + random(`least ${i}`, 2n ** 60n);
    const wanted = 1n + random(`wanted ${i}`, i % 2 === 0 ? 32n : 65_535n);
    const span = MOST_PRIZE - least + 1n;
    const prize = [least, MOST_PRIZE, least + random(`prize ${i}`, span)][Math.min(i, 2)] as bigint;
    const claims = random(`claims ${i}`, 2n * wanted + 1n);
    const rounds = [0n, 1n, 105n, 106n, 10_000n, random(`rounds ${i}`, 130n)][Math.min(i, 5)] as bigint;
    const rule = { wanted, least };
    return {
      prize: big(prize),
      claims: Number(claims),
      wanted: Number(wanted),
      least: big(least),
      rounds: Number(rounds),
      adjusted: big(adjustedPrize(prize, claims, rule)),
      relieved: big(relievedPrize(prize, rounds, least)),
      later: big(prizeIn(7n + rounds, { number: 7n, prize, claims }, rule)),
    };
  });
}

function audits(): object[] {
  return each(5, (i) => {
    const auditSeed = keccakHex(keccakText(`audit seed ${i}`));
    const [samples, rowCount] = [[4, 5, 16, 52, 128][i] as number, [1, 7, 15, 256, 512][i] as number];
    const auditBps = [1250, 10_000, 5000, 1, 1250][i] as number;
    const certificate = {
      seed: keccakHex(keccakText(`seed ${i}`)),
      auditSeed,
      absent: random(`absent ${i}`, 2n ** 200n),
    };
    const cells = each(200, (slot) => auditedSample(auditSeed, slot, samples, rowCount));
    return {
      ...certificate,
      absent: big(certificate.absent),
      certificate: certificateHash(certificate),
      auditBps,
      samples,
      rowCount,
      asked: each(200, (slot) => slot).filter((slot) => isAudited(auditSeed, slot, auditBps)),
      indexes: cells.map(({ index }) => index),
      rows: cells.map(({ row }) => row),
    };
  });
}

export function samplingVectors(): object {
  return { draws: draws(), bets: bets(), prizes: prizes(), audits: audits() };
}

/** Arrays of numbers on one line. */
export function renderSampling(value: object): string {
  const flat = /\[\s+(\d[\d\s,]*\d|\d)\s+\]/g;
  const line = (_: string, numbers: string): string => `[${numbers.replace(/\s+/g, " ")}]`;
  return `${JSON.stringify(value, null, 1).replace(flat, line)}\n`;
}

if (import.meta.main) {
  const made = renderSampling(samplingVectors());
  if (!process.argv.includes("--check")) await writeFile(FILE, made);
  else if ((await readFile(FILE, "utf8").catch(() => "")) !== made) {
    console.error("test/vectors/sampling.json is not what the code makes: run npm run vectors");
    process.exitCode = 1;
  }
}
