import { expect } from "chai";
import { openKey } from "../../../adapters/bls.ts";
import type { Compute } from "../../../adapters/compute.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import { encodeMetadata } from "../../../protocol/metadata.ts";
import { choose, honestQuorum, lossBound, MOST_GOOD, type Rational } from "../../../protocol/quorum.ts";
import { factsOf } from "../../protocol/sample.ts";
import { withinThreeSigma } from "../../protocol/samplers.ts";
import { honest } from "../batches.ts";
import { frame, type Stored } from "../stored.ts";
import { A, openValidator, type TestValidator } from "./validator.ts";

const ROUNDS = Number(process.env.TEST_FULL === "1" ? 1_000 : 100);
const VALIDATORS = 4;
/** Few enough that two of three validators often hold less than half of the columns, and many enough that they need not. */
const SAMPLES = 39;

/**
 * F2, with the validator's own code: servers that let every validator ask for all its columns before they answer one,
 * then give them to the k whose columns together are fewest, and nothing to anybody else. The rest of the quorum signs
 * whatever it likes. Keys and seeds are fixed, so every run counts the same.
 */
describe("validators among servers that see every request (F2)", function () {
  this.timeout(900_000);
  const { honest: count, needed } = honestQuorum(VALIDATORS);
  const batches: Stored[] = [];
  const wanted: Set<number>[] = [];
  const validators: TestValidator[] = [];
  let team: readonly number[] = [];

  before(async () => {
    // What is measured is who gets what: that columns are verified is tested elsewhere, and would take an hour.
    const compute = {
      verifyBatch: async () => ({ ok: true, batch: {} }),
      verifyColumn: async () => ({ ok: true }),
    } as unknown as Compute;
    for (let who = 0; who < count; who++) {
      const serve = (stored: Stored, column: number): Uint8Array => {
        wanted[who]?.add(column);
        if (!team.includes(who)) throw new ZgError("NotFound", { column });
        return frame(stored, column);
      };
      const key = openKey(toHex(keccakText(`validator ${who}`)).replace(/^0x./, "0x0") as Hex);
      const behaviours = { [A]: { column: serve } };
      validators.push(await openValidator({ compute, batches, behaviours, samples: SAMPLES, key }));
    }
  });
  after(async () => {
    for (const validator of validators) await validator.close();
  });

  it("lose data as often as C(h, k) · Pr[|U_k| ≤ 63] allows, and what signers keep decides each time", async () => {
    const stored = await honest();
    const teams = pairs(count);
    expect([teams.length, needed]).to.deep.equal([Number(choose(count, needed)), 2]);
    let first = 0;
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const batch = again(stored, round);
      const { batchId } = batch.batch.facts;
      batches[0] = batch;
      team = [];
      for (let who = 0; who < count; who++) {
        wanted[who] = new Set();
        await validators[who]?.submit(batch);
        // Nobody has anything yet, everybody has said what it wants, and all will ask again.
        expect(await validators[who]?.round(batch)).to.be.a("number");
        expect(wanted[who]?.size).to.equal(SAMPLES);
      }
      const sizeOf = (members: readonly number[]) => union(members.map((who) => wanted[who] as Set<number>)).size;
      const sizes = teams.map(sizeOf);
      team = teams[sizes.indexOf(Math.min(...sizes))] as readonly number[];
      for (const validator of validators) await validator.round(batch);

      const kinds = validators.map(({ ledger }) => ledger.find(batchId)?.outcome?.kind ?? "none");
      expect(kinds).to.deep.equal(validators.map((_, who) => (team.includes(who) ? "signed" : "none")));
      const kept = union(validators.map(({ ledger }) => new Set(ledger.samples(batchId))));
      // To the column: what the signers were given is there for everybody.
      expect(kept.size).to.equal(Math.min(...sizes));
      if (kept.size <= MOST_GOOD) lost++;
      if ((sizes[0] as number) <= MOST_GOOD) first++;
    }
    const { loss } = lossBound(VALIDATORS, SAMPLES);
    const one: Rational = { numerator: loss.numerator, denominator: loss.denominator * choose(count, needed) };
    const said = `${first} and ${lost} of ${ROUNDS}, expected ${share(one)} and at most ${share(loss)}`;
    expect(withinThreeSigma(first, ROUNDS, one), said).to.equal(true);
    expect(lost, said).to.be.greaterThan(first);
    const within = BigInt(lost) * loss.denominator <= BigInt(ROUNDS) * loss.numerator;
    expect(within || withinThreeSigma(lost, ROUNDS, loss), said).to.equal(true);
    // The test can fail: three times as often would be seen.
    expect(withinThreeSigma(first, ROUNDS, { ...one, numerator: one.numerator * 3n }), said).to.equal(false);
    if (process.env.E2E_LOG) console.log(said);
  });
});

const share = ({ numerator, denominator }: Rational): string =>
  (Number((numerator * BigInt(ROUNDS) * 100n) / denominator) / 100).toFixed(1);

function union(sets: readonly ReadonlySet<number>[]): Set<number> {
  return new Set(sets.flatMap((set) => [...set]));
}

function pairs(n: number): [number, number][] {
  return Array.from({ length: n }, (_, a) => a).flatMap((a) =>
    Array.from({ length: n - a - 1 }, (_, i): [number, number] => [a, a + i + 1]),
  );
}

/** The same content as another attempt: another batchId, another draw. */
function again({ batch, matrix }: Stored, attempt: number): Stored {
  const metadata = { ...batch.metadata, attempt };
  const bytes = encodeMetadata(metadata);
  return { matrix, batch: { ...batch, metadata, bytes, facts: factsOf(metadata, bytes) } };
}
