import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { type Kzg, openKzg } from "../adapters/kzg.ts";
import { ZgError } from "../protocol/errors.ts";
import { bigToBytes, concat, fromHex, type Hex, toHex } from "../protocol/hex.ts";
import { FIELD_ORDER } from "../protocol/params.ts";
import { payloadOf } from "../test/protocol/sample.ts";

/**
 * Writes test/vectors/cells.json: single cells with commitment and proof, and what CellVerifier must say of each: true,
 * false, or the name of the error with which it refuses. Taken from c-kzg-4844's vectors of verify_cell_kzg_proof_batch,
 * and a row of our own with what an attacker makes of it; c-kzg must agree with every verdict. And
 * test/vectors/openings.json: official openings of commitments, for precompile 0x0a. `--check` says whether the committed
 * files are what this writes.
 */
interface Cell {
  readonly commitment: Hex;
  readonly column: number;
  readonly cell: Hex;
  readonly proof: Hex;
}
interface Official {
  readonly name: string;
  readonly input: {
    readonly commitments: readonly Hex[];
    readonly cell_indices: readonly number[];
    readonly cells: readonly Hex[];
    readonly proofs: readonly Hex[];
  };
  readonly output: boolean | null;
}
interface Case extends Cell {
  readonly name: string;
  readonly outcome: string;
}

const TARGET = new URL("../test/vectors/cells.json", import.meta.url);
const OFFICIAL = new URL("../test/vectors/kzg/verify_cell_kzg_proof_batch.json.gz", import.meta.url);
const OPENINGS = new URL("../test/vectors/kzg/verify_kzg_proof.json.gz", import.meta.url);
const OPENED = new URL("../test/vectors/openings.json", import.meta.url);
const P = bls12_381.fields.Fp.ORDER;
const INFINITY: Hex = `0xc0${"0".repeat(94)}`;

const sizeOf = (hex: Hex) => (hex.length - 2) / 2;

/** Why an encoding is refused: by its length, its flags, or by the precompile, which is asked last. */
function refusalOf(point: Hex): string | undefined {
  if (sizeOf(point) !== 48) return "PointLength";
  const [flags = 0] = fromHex(point);
  const infinity = (flags & 0x40) !== 0;
  if ((flags & 0x80) === 0 || (infinity && point !== INFINITY)) return "PointEncoding";
  if (infinity) return undefined;
  try {
    bls12_381.G1.Point.fromHex(point.slice(2)).assertValidity();
    return undefined;
  } catch {
    return "PointRefused";
  }
}

function elementsOf(cell: Hex): bigint[] {
  return (cell.slice(2).match(/.{64}/g) ?? []).map((hex) => BigInt(`0x${hex}`));
}

interface Opened {
  readonly name: string;
  readonly input: { readonly commitment: Hex; readonly z: Hex; readonly y: Hex; readonly proof: Hex };
  readonly output: boolean | null;
}

/** c-kzg-4844's vectors of verify_kzg_proof, as precompile 0x0a is asked: whatever is not true, it refuses. */
export async function openingVectors(): Promise<string> {
  const vectors = JSON.parse(gunzipSync(await readFile(OPENINGS)).toString()) as Opened[];
  const cases = vectors.map(({ name, input, output }) => ({ name, ...input, holds: String(output === true) }));
  return `${JSON.stringify({ count: cases.length, cases }, null, 1)}\n`;
}

/** The verdict by the rules, and by the library. */
function outcomeOf(kzg: Kzg, name: string, { commitment, column, cell, proof }: Cell): string {
  const bad = elementsOf(cell).some((value) => value >= FIELD_ORDER) ? "NonCanonicalElement" : undefined;
  const length = sizeOf(cell) === 2048 ? undefined : "CellLength";
  const range = column < 128 ? undefined : "ColumnOutOfRange";
  const refused = range ?? length ?? bad ?? refusalOf(commitment) ?? refusalOf(proof);
  try {
    const verdict = kzg.verify([fromHex(commitment)], [column], [fromHex(cell)], [fromHex(proof)]);
    if (refused !== undefined) throw new Error(`${name}: accepted by the library, ${refused} by the rules`);
    return String(verdict);
  } catch (error) {
    if (!(error instanceof ZgError) || refused === undefined) throw error;
    return refused;
  }
}

function official(vectors: readonly Official[]): (Cell & { name: string; expected: boolean | null })[] {
  return vectors.flatMap(({ name, input, output }) => {
    const { commitments, cell_indices: columns, cells, proofs } = input;
    const counts = [commitments, columns, cells, proofs].map((list) => list.length);
    // Lists of unlike lengths are a matter of the batch, not of a cell.
    if (counts.some((count) => count !== counts[0])) return [];
    const picked = cells.length === 128 ? [0, 63, 64, 127] : cells.map((_, i) => i).slice(0, 4);
    return picked.map((i) => ({
      name: `${name}${cells.length > 1 ? `[${i}]` : ""}`,
      commitment: commitments[i] as Hex,
      column: columns[i] as number,
      cell: cells[i] as Hex,
      proof: proofs[i] as Hex,
      expected: output,
    }));
  });
}

/** Each column of one row, and what must not pass for one. */
function own(kzg: Kzg): (Cell & { name: string })[] {
  const row = payloadOf("a row read on chain", 131_072).map((byte, i) => (i % 32 === 0 ? 0 : byte));
  const [commitment, extended, proofs] = [toHex(kzg.commit(row)), kzg.extend(row), kzg.prove(row)];
  const at = (column: number): Cell => ({
    commitment,
    column,
    cell: toHex(extended.subarray(column * 2048, (column + 1) * 2048)),
    proof: toHex(proofs.subarray(column * 48, (column + 1) * 48)),
  });
  const good = at(85);
  const bytes = fromHex(good.cell);
  const first = bytes.subarray(0, 32);
  const overflow = bigToBytes(BigInt(toHex(first)) + FIELD_ORDER, 32);
  const xOf = (x: bigint): Hex => {
    const encoded = bigToBytes(x, 48);
    encoded[0] = (encoded[0] as number) | 0x80;
    return toHex(encoded);
  };
  const flagged = (flags: number): Hex => {
    const encoded = fromHex(good.proof);
    encoded[0] = ((encoded[0] as number) & 0x1f) | flags;
    return toHex(encoded);
  };
  return [
    ...[0, 1, 2, 31, 62, 63, 64, 65, 96, 126, 127].map((column) => ({ name: `own column ${column}`, ...at(column) })),
    { name: "own: proof of another column", ...good, proof: at(84).proof },
    { name: "own: another column", ...good, column: 84 },
    {
      name: "own: the first two elements swapped",
      ...good,
      cell: toHex(concat(bytes.subarray(32, 64), first, bytes.subarray(64))),
    },
    {
      name: "own: the negated proof",
      ...good,
      proof: flagged((fromHex(good.proof)[0] as number) & 0x20 ? 0x80 : 0xa0),
    },
    { name: "own: a proof at infinity", ...good, proof: INFINITY },
    { name: "own: a commitment at infinity", ...good, commitment: INFINITY },
    { name: "own: no such column", ...good, column: 128 },
    { name: "own: an element + r (F7)", ...good, cell: toHex(concat(overflow, bytes.subarray(32))) },
    {
      name: "own: an element of r in the last place",
      ...good,
      cell: toHex(concat(bytes.subarray(0, 2016), bigToBytes(FIELD_ORDER, 32))),
    },
    { name: "own: a proof of order 3 (A6)", ...good, proof: xOf(0n) },
    { name: "own: a commitment of order 3 (A6)", ...good, commitment: xOf(0n) },
    { name: "own: x = p (A6)", ...good, proof: xOf(P) },
    { name: "own: x ≥ p of a good point (A6)", ...good, proof: xOf(2n ** 381n - 1n) },
    { name: "own: not compressed", ...good, proof: flagged(0) },
    { name: "own: infinity with an x", ...good, proof: flagged(0xc0) },
    { name: "own: infinity with a sign", ...good, proof: `0xe0${"0".repeat(94)}` },
    { name: "own: an empty proof", ...good, proof: "0x" },
    { name: "own: an empty cell", ...good, cell: "0x" },
  ];
}

export async function cellVectors(kzg: Kzg): Promise<string> {
  const vectors = JSON.parse(gunzipSync(await readFile(OFFICIAL)).toString()) as Official[];
  const cases: Case[] = [];
  for (const { expected, ...one } of official(vectors)) {
    const outcome = outcomeOf(kzg, one.name, one);
    const verdict = outcome === "true" || outcome === "false" ? outcome === "true" : null;
    if (verdict !== expected) throw new Error(`${one.name}: ${outcome}, officially ${expected}`);
    cases.push({ ...one, outcome });
  }
  for (const one of own(kzg)) cases.push({ ...one, outcome: outcomeOf(kzg, one.name, one) });
  return `${JSON.stringify({ count: cases.length, cases }, null, 1)}\n`;
}

if (import.meta.main) {
  const files = [
    [TARGET, await cellVectors(openKzg(0))],
    [OPENED, await openingVectors()],
  ] as const;
  for (const [file, text] of files) {
    if (!process.argv.includes("--check")) await writeFile(file, text);
    else if ((await readFile(file, "utf8")) !== text) throw new Error(`${fileURLToPath(file)} is not what this writes`);
  }
}
