import { bytesToBig, concat, fromHex, type Hex, word } from "./hex.ts";
import { keccak, keccakText } from "./keccak.ts";
import { signatureHash } from "./sampling.ts";

/**
 * The lottery among samples: contracts/libraries/{Lottery,Rounds}.sol, to the wei. A ticket of a batch with DA fee F wins
 * the prize W with the chance F · stake / (totalStake · samples · W), so that all tickets together expect F whatever W is.
 * W follows the number of claims from round to round.
 */
export const MOST_PRIZE = 2n ** 88n - 1n;
const TICKET_TAG = keccakText("0G-DA/ticket/v1");
const MOST_EXPECTED = 4n;
const SPREAD = 4n;
const LONGEST_RELIEF = 105n;

/** What is staked on a ticket and what it can win, in wei. */
export interface Bet {
  /** The batch's DA fee. */
  readonly fee: bigint;
  readonly stake: bigint;
  readonly totalStake: bigint;
  /** Samples that each validator owes. */
  readonly samples: bigint;
  /** The batch's prize. */
  readonly prize: bigint;
}

export interface RoundRule {
  /** Claims that the prize aims at in a round. */
  readonly wanted: bigint;
  /** Least prize. */
  readonly least: bigint;
}

/** A round in which something was claimed (or round 0). */
export interface Round {
  readonly number: bigint;
  readonly prize: bigint;
  readonly claims: bigint;
}

/** @param cell all 2048 bytes: no hash of it does */
export function ticketQuality(batchId: Hex, signature: Hex, index: number, cell: Uint8Array): bigint {
  const author = fromHex(signatureHash(signature));
  return bytesToBig(keccak(concat(TICKET_TAG, fromHex(batchId, 32), author, word(index), cell)));
}

export function isWinning(quality: bigint, { fee, stake, totalStake, samples, prize }: Bet): boolean {
  return ((quality >> 192n) + 1n) * totalStake * samples * prize <= fee * stake * 2n ** 64n;
}

/** How many of the 2^64 qualities that are told apart win: the exact chance, times 2^64. */
export function winningQualities({ fee, stake, totalStake, samples, prize }: Bet): bigint {
  return (fee * stake * 2n ** 64n) / (totalStake * samples * prize);
}

/** The prize of a batch: its round's, or a quarter of its fee if that is more. */
export function batchPrize(roundPrize: bigint, fee: bigint): bigint {
  const quarter = (fee + MOST_EXPECTED - 1n) / MOST_EXPECTED;
  return roundPrize > quarter ? roundPrize : quarter;
}

/** Prizes that a batch pays at most. */
export function mostPrizes(fee: bigint, prize: bigint): bigint {
  return SPREAD * ((fee + prize - 1n) / prize);
}

/** The prize after a round with `claims`. */
export function adjustedPrize(prize: bigint, claims: bigint, { wanted, least }: RoundRule): bigint {
  return within((prize * (3n * wanted + claims)) / (4n * wanted), least);
}

/** The prize after `rounds` without a claim. */
export function relievedPrize(prize: bigint, rounds: bigint, least: bigint): bigint {
  return rounds > LONGEST_RELIEF ? least : within((prize * 3n ** rounds) >> (2n * rounds), least);
}

/** The prize of `round`, of which `last` is the last entry not after it. */
export function prizeIn(round: bigint, last: Round, rule: RoundRule): bigint {
  if (round === last.number) return last.prize;
  const next = adjustedPrize(last.prize, last.claims, rule);
  return relievedPrize(next, round - last.number - 1n, rule.least);
}

/** Tickets paid, as `DASampling.paidTickets` packs them. */
export function isPaid(paidTickets: bigint, slot: number, index: number): boolean {
  const code = BigInt(slot * 128 + index + 1);
  for (let rest = paidTickets; rest !== 0n; rest >>= 16n) if ((rest & 0xffffn) === code) return true;
  return false;
}

function within(prize: bigint, least: bigint): bigint {
  if (prize < least) return least;
  return prize > MOST_PRIZE ? MOST_PRIZE : prize;
}
