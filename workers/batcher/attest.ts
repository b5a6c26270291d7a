/** The joint signature as the contract takes it. Pure but for the curve. */
import { type G1, type G2, g1Struct, g2Struct, sumSignatures } from "../../adapters/bls.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { ValidatorSet } from "./validators.ts";

export interface Attestation {
  readonly signature: G2;
  readonly aggregateKey: G1;
  readonly setHint: number;
  /** Strictly ascending slots. */
  readonly absent: readonly { readonly slot: number; readonly hint: number; readonly key: G1 }[];
}

export const attestationOf = (set: ValidatorSet, signatures: ReadonlyMap<number, Hex>): Attestation => ({
  signature: g2Struct(sumSignatures([...signatures.values()])),
  aggregateKey: g1Struct(set.aggregateKey),
  setHint: set.hint,
  absent: set.validators
    .filter(({ slot }) => !signatures.has(slot))
    .sort((a, b) => a.slot - b.slot)
    .map(({ slot, hint, key }) => ({ slot, hint, key: g1Struct(key) })),
});
