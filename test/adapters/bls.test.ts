/** BLS against Wycheproof's vectors, by our adapter and by two libraries; the contracts' side is BLS.t.sol. */
import { readFileSync } from "node:fs";
import { PublicKey, Signature, verify } from "@chainsafe/blst";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import fc from "fast-check";
import { decodeG1, decodeG2, encodeG1, encodeG2, openKey, verifySignature } from "../../adapters/bls.ts";
import { ATTESTATION_DST } from "../../protocol/attestation.ts";
import { ZgError } from "../../protocol/errors.ts";
import { fromHex, type Hex, toHex } from "../../protocol/hex.ts";
import { refusal } from "../protocol/refusal.ts";

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly expected: string;
  readonly result: "valid" | "invalid";
}
interface Group {
  readonly dst: string;
  readonly ciphersuite: string;
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly Vector[];
}
interface Converted {
  readonly tag: Hex;
  readonly message: Hex;
  readonly key: Hex;
  readonly signature: Hex;
  readonly outcome: string;
  readonly comment: string;
}

const read = (path: string) => JSON.parse(readFileSync(new URL(`../vectors/${path}`, import.meta.url), "utf8"));
const groupsOf = (file: string): readonly Group[] => read(`wycheproof/${file}.json`).testGroups;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const { longSignatures, G1, G2 } = bls12_381;

/** Refusal of a point and a signature that does not fit are both "invalid" to Wycheproof. */
const judged = (judge: () => boolean): "valid" | "invalid" => {
  try {
    return judge() ? "valid" : "invalid";
  } catch {
    return "invalid";
  }
};

const byNoble = ({ publicKey, ciphersuite }: Group, { msg, sig }: Vector) =>
  judged(() => {
    const [key, signature] = [G1.Point.fromHex(publicKey.pk), G2.Point.fromHex(sig)];
    if (key.is0() || signature.is0()) return false;
    return longSignatures.verify(signature, longSignatures.hash(bytes(msg), ciphersuite), key);
  });

const byBlst = ({ publicKey }: Group, { msg, sig }: Vector) =>
  judged(() =>
    verify(bytes(msg), PublicKey.fromBytes(bytes(publicKey.pk), true), Signature.fromBytes(bytes(sig), true, true)),
  );

describe("BLS and Wycheproof", () => {
  for (const file of ["bls_sig_g2_basic_verify_test", "bls_sig_g2_pop_verify_test"]) {
    it(`two libraries judge every case of ${file} as it says`, () => {
      let count = 0;
      for (const group of groupsOf(file)) {
        for (const vector of group.tests) {
          const about = `${vector.tcId} ${vector.comment}`;
          expect(byNoble(group, vector), about).to.equal(vector.result);
          // blst's binding knows the one tag that we use: of another it can say only what is no point.
          if (group.ciphersuite === ATTESTATION_DST) expect(byBlst(group, vector), about).to.equal(vector.result);
          else if (vector.result === "invalid") expect(byBlst(group, vector), about).to.equal("invalid");
          count += 1;
        }
      }
      expect(count).to.be.greaterThan(25);
    });
  }

  it("the hash to G2 is that of the file", () => {
    const groups = groupsOf("bls_hash_to_g2_test");
    for (const { dst, tests } of groups) {
      for (const { msg, expected } of tests)
        expect(G2.hashToCurve(bytes(msg), { DST: dst }).toHex()).to.equal(expected);
    }
    expect(groups.flatMap(({ tests }) => tests)).to.have.length(34);
  });

  it("our adapter judges the points of every case, and the signatures of our tag, as the contracts do", () => {
    const { cases } = read("bls/signatures.json") as { readonly cases: readonly Converted[] };
    const tag = toHex(new TextEncoder().encode(ATTESTATION_DST));
    let verified = 0;
    for (const { key, signature, message, outcome, comment, ...own } of cases) {
      const refused = !["valid", "invalid"].includes(outcome);
      const decode = () => [decodeG1(key), decodeG2(signature)];
      if (refused) {
        expect(refusal(decode), comment).to.equal("BadPoint");
        continue;
      }
      const [publicKey, point] = decode() as [PublicKey, Signature];
      expect(encodeG1(publicKey), comment).to.equal(key);
      expect(encodeG2(point), comment).to.equal(signature);
      if (own.tag !== tag || message.length !== 66) continue;
      expect(verifySignature(key, message, signature), comment).to.equal(outcome === "valid");
      verified += 1;
    }
    expect(verified).to.be.greaterThan(10);
  });

  it("what our adapter signs, noble signs to the byte", () => {
    for (let i = 1; i < 6; i += 1) {
      const secret = toHex(new Uint8Array(32).fill(i));
      const message = toHex(new Uint8Array(32).fill(i * 7));
      const point = longSignatures.hash(fromHex(message), ATTESTATION_DST);
      const signature = longSignatures.sign(point, fromHex(secret)).toBytes(true);
      expect(openKey(secret).sign(message)).to.equal(encodeG2(Signature.fromBytes(signature)));
    }
  });

  it("one flipped bit of key, signature or message is never accepted (A13)", () => {
    const key = openKey(toHex(new Uint8Array(32).fill(9)));
    const message = toHex(new Uint8Array(32).fill(3));
    const signature = key.sign(message);
    const flip = (hex: Hex, bit: number): Hex => {
      const changed = Uint8Array.from(fromHex(hex));
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      return toHex(changed);
    };
    const bits = fc.integer({ min: 0, max: (128 + 256 + 32) * 8 - 1 });
    fc.assert(
      fc.property(bits, (bit) => {
        const of = [bit, bit - 128 * 8, bit - 384 * 8];
        const which = bit < 128 * 8 ? 0 : bit < 384 * 8 ? 1 : 2;
        const given = [key.publicKey, signature, message].map((part, i) =>
          i === which ? flip(part, of[i] as number) : part,
        ) as [Hex, Hex, Hex];
        try {
          return !verifySignature(given[0], given[2], given[1]);
        } catch (error) {
          return error instanceof ZgError && error.code === "BadPoint";
        }
      }),
      { numRuns: 500 },
    );
  });
});
