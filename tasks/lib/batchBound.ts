import type { Chain } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { certificateBound, log2, type Rational } from "../../protocol/quorum.ts";
import { createValidators } from "../../workers/batcher/validators.ts";

/** What a certificate of a batch proves: docs/sampling-bound.md. */
export interface BatchBound {
  /** Those with stake in the batch's epoch. */
  readonly validators: number;
  /** Columns that each owes the chain; who sampled more makes it better. */
  readonly samples: number;
  /** What more than 2/3 of must have signed, wei. */
  readonly stake: string;
  readonly dishonest: "less than 1/3";
  /**
   * log2 of the chance that hidden data is certified by validators of whom nodes decided beforehand what they get, and of
   * the bound against nodes that see every request; 0: says nothing.
   */
  readonly fixed: number;
  readonly loss: number;
}

/** null: the chain has no such batch (yet). */
export async function boundOf(chain: Chain, batchId: Hex): Promise<BatchBound | null> {
  const epoch = await chain.entrance
    .getFunction("record")(batchId)
    .then(
      (record) => Number(record.epoch),
      (error: unknown) => {
        const named = chain.errorOf(error);
        if (named.fields.error === "UnknownBatch") return null;
        throw named;
      },
    );
  if (epoch === null) return null;
  const [{ validators, totalStake }, terms] = await Promise.all([
    createValidators(chain).of(epoch),
    chain.sampling.getFunction("terms")(),
  ]).catch((error: unknown) => {
    throw chain.errorOf(error);
  });
  const samples = Number(terms.samples);
  const { fixed, loss } = certificateBound(
    validators.map(({ stake }) => stake),
    samples,
  );
  const common = { validators: validators.length, samples, stake: String(totalStake) };
  return { ...common, dishonest: "less than 1/3", fixed: exponent(fixed), loss: exponent(loss) };
}

/** Rounded up to a tenth: a bound stays one. -Infinity has no JSON. */
function exponent(chance: Rational): number {
  const rounded = Math.ceil(log2(chance) * 10) / 10;
  return Math.max(-1e6, Math.min(0, rounded)) + 0;
}

/** In two lines: what it takes, and what it proves. */
export function boundLines({ validators, samples, fixed, loss }: BatchBound): readonly [string, string] {
  const who = validators === 1 ? "one validator" : `${validators} validators`;
  return [
    `more than 2/3 of the stake of ${who} who owe ${samples} columns each`,
    `if less than 1/3 is dishonest, hidden data gets one with at most ${power(fixed)} from nodes that decided ` +
      `beforehand what to show, and ${power(loss)} from nodes that see every request`,
  ];
}

const power = (exponent: number): string => (exponent === 0 ? "1 (that is, no bound)" : `2^${exponent}`);
