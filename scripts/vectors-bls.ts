import { mkdir, readFile, writeFile } from "node:fs/promises";
import { PublicKey, SecretKey, Signature, verify } from "@chainsafe/blst";
import { bls12_381 } from "@noble/curves/bls12-381.js";

/**
 * Writes test/vectors/bls/*.json: Wycheproof's BLS vectors in the form that EIP-2537 takes, a field element in 64 bytes,
 * for the Solidity and the TypeScript tests. Where both can judge, noble and blst must agree with each other and with
 * the file. `--check` says whether the committed files are what this writes.
 *
 * Encodings that stand for no point at all (bad flags, no square root, truncated) have no EIP-2537 form and are left to
 * the tests of the compressed forms.
 */
interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly expected?: string;
  readonly sig?: string;
  readonly result: "valid" | "invalid";
  readonly flags: readonly string[];
}
interface Group {
  readonly dst?: string;
  readonly ciphersuite?: string;
  readonly publicKey?: { readonly pk: string };
  readonly tests: readonly Case[];
}
type G1Point = InstanceType<typeof bls12_381.G1.Point>;
type G2Point = InstanceType<typeof bls12_381.G2.Point>;

const VECTORS = new URL("../test/vectors/", import.meta.url);
const POP_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
const { G1, G2, longSignatures } = bls12_381;

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const text = (ascii: string) => new TextEncoder().encode(ascii);
const element = (value: bigint) => value.toString(16).padStart(128, "0");

function encodeG1(point: G1Point): string {
  const { x, y } = point.toAffine();
  return `0x${point.is0() ? "0".repeat(256) : element(x) + element(y)}`;
}

function encodeG2(point: G2Point): string {
  const { x, y } = point.toAffine();
  return `0x${point.is0() ? "0".repeat(512) : [x.c0, x.c1, y.c0, y.c1].map(element).join("")}`;
}

/** The point of a compressed encoding; null when there is none in the subgroup. */
function decompress<Point>(from: { fromBytes(b: Uint8Array): Point }, hex: string): Point | null {
  try {
    return from.fromBytes(bytes(hex));
  } catch {
    return null;
  }
}

/** The same without the subgroup check, which noble's decoder has built in (either root: the sign decides nothing here). */
function decompressAnySubgroup(hex: string): G2Point | null {
  const { Fp2 } = bls12_381.fields;
  const coordinate = (at: number) => BigInt(`0x${hex.slice(at, at + 96)}`);
  const c1 = coordinate(0) & ((1n << 381n) - 1n);
  const x = Fp2.create({ c0: coordinate(96), c1 });
  try {
    const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.Point.CURVE().b));
    return G2.Point.fromAffine({ x, y });
  } catch {
    return null;
  }
}

/** What blst says, which knows this one tag; null when it cannot be asked. */
function blstVerdict(key: string, signature: string, message: string, tag: string): boolean | null {
  if (tag !== POP_TAG) return null;
  try {
    return verify(bytes(message), PublicKey.fromBytes(bytes(key), true), Signature.fromBytes(bytes(signature), true));
  } catch {
    return false;
  }
}

function nobleVerdict(key: G1Point, signature: G2Point, message: string, tag: string): boolean {
  if (key.is0() || signature.is0() || !key.isTorsionFree() || !signature.isTorsionFree()) return false;
  return longSignatures.verify(signature, longSignatures.hash(bytes(message), tag), key);
}

/** What the contract does with it. */
function outcome(key: G1Point, signature: G2Point, valid: boolean): string {
  if (key.is0()) return "KeyAtInfinity";
  if (signature.is0()) return "SignatureAtInfinity";
  if (!key.isTorsionFree() || !signature.isTorsionFree()) return "PointRefused";
  return valid ? "valid" : "invalid";
}

function agree(what: string, ...verdicts: readonly (boolean | string | null)[]): void {
  const given = verdicts.filter((verdict) => verdict !== null);
  if (given.some((verdict) => verdict !== given[0])) throw new Error(`${what}: ${given.join(" / ")}`);
}

async function groupsOf(file: string): Promise<readonly Group[]> {
  const url = new URL(`wycheproof/${file}`, VECTORS);
  return (JSON.parse(await readFile(url, "utf8")) as { testGroups: readonly Group[] }).testGroups;
}

async function hashes() {
  const groups = await groupsOf("bls_hash_to_g2_test.json");
  return groups.flatMap(({ dst = "", tests }) =>
    tests.map(({ msg, expected = "" }) => {
      const point = decompress(G2.Point, expected);
      if (point === null) throw new Error(`hash ${msg}: no point`);
      const own = G2.hashToCurve(bytes(msg), { DST: dst }) as G2Point;
      agree(`hash ${msg}`, encodeG2(own), encodeG2(point));
      return { tag: `0x${Buffer.from(text(dst)).toString("hex")}`, message: `0x${msg}`, point: encodeG2(point) };
    }),
  );
}

async function signatures(file: string) {
  const groups = await groupsOf(file);
  return groups.flatMap(({ ciphersuite: tag = "", publicKey, tests }) =>
    tests.flatMap((test) => {
      const compressed = { key: publicKey?.pk ?? "", signature: test.sig ?? "" };
      const key = decompress(G1.Point, compressed.key);
      const signature = test.flags.includes("NotInSubgroup")
        ? decompressAnySubgroup(compressed.signature)
        : decompress(G2.Point, compressed.signature);
      if (key === null || signature === null) return [];
      const valid = nobleVerdict(key, signature, test.msg, tag);
      const blst = blstVerdict(compressed.key, compressed.signature, test.msg, tag);
      agree(`${file} ${test.tcId} ${test.comment}`, valid, blst, test.result === "valid");
      return [
        {
          tag: `0x${Buffer.from(text(tag)).toString("hex")}`,
          message: `0x${test.msg}`,
          key: encodeG1(key),
          signature: encodeG2(signature),
          outcome: outcome(key, signature, valid),
          comment: test.comment,
        },
      ];
    }),
  );
}

/** Signatures of the summed secret, by both libraries: what the contract takes from an aggregator. */
function sums() {
  const message = bytes("5a".repeat(32));
  return [1, 2, 3, 7].map((count) => {
    const secrets = Array.from({ length: count }, (_, i) => SecretKey.fromKeygen(new Uint8Array(32).fill(i + 1)));
    const own = secrets.map((secret) => G2.Point.fromBytes(secret.sign(message).toBytes()));
    const keys = secrets.map((secret) => G1.Point.fromBytes(secret.toPublicKey().toBytes()));
    const signature = own.reduce((sum, point) => sum.add(point)) as G2Point;
    const key = keys.reduce((sum, point) => sum.add(point)) as G1Point;
    const tag = text(POP_TAG);
    agree(`sum of ${count}`, true, longSignatures.verify(signature, longSignatures.hash(message, POP_TAG), key));
    return {
      tag: `0x${Buffer.from(tag).toString("hex")}`,
      message: `0x${Buffer.from(message).toString("hex")}`,
      key: encodeG1(key),
      signature: encodeG2(signature),
      outcome: "valid",
      comment: `sum of ${count} signatures`,
    };
  });
}

const files: Record<string, readonly object[]> = {
  hashes: await hashes(),
  signatures: [
    ...(await signatures("bls_sig_g2_basic_verify_test.json")),
    ...(await signatures("bls_sig_g2_pop_verify_test.json")),
    ...sums(),
  ],
};
const check = process.argv.includes("--check");
await mkdir(new URL("bls/", VECTORS), { recursive: true });
for (const [name, cases] of Object.entries(files)) {
  const url = new URL(`bls/${name}.json`, VECTORS);
  const content = `${JSON.stringify({ count: cases.length, cases }, null, 2)}\n`;
  if (check && (await readFile(url, "utf8")) !== content) throw new Error(`bls/${name}.json is not what this writes`);
  if (!check) await writeFile(url, content);
  console.log(`bls/${name}.json: ${cases.length} cases`);
}
