import { readFile, writeFile } from "node:fs/promises";
import { bls12_381 } from "@noble/curves/bls12-381.js";

/**
 * Writes contracts/da/KzgSetup.sol: of Ethereum's trusted setup, as c-kzg carries it, what the check of one cell needs, in
 * the form of EIP-2537. `--check` says whether the committed file is what this writes.
 */
const SOURCE = new URL("../node_modules/c-kzg/deps/c-kzg/trusted_setup.txt", import.meta.url);
const TARGET = new URL("../contracts/da/KzgSetup.sol", import.meta.url);
const POINTS = 64; // a cell is a polynomial of degree < 64
const { G1, G2 } = bls12_381;

const element = (value: bigint): string => value.toString(16).padStart(128, "0");

function encodeG1(compressed: string): string {
  const { x, y } = G1.Point.fromHex(compressed).toAffine();
  return element(x) + element(y);
}

function encodeG2(compressed: string): string {
  const { x, y } = G2.Point.fromHex(compressed).toAffine();
  return [x.c0, x.c1, y.c0, y.c1].map(element).join("");
}

/** The points, as the contract's code has them. */
export async function setupPoints(): Promise<string> {
  const [counts, ...points] = (await readFile(SOURCE, "utf8")).split(/\s+/).filter((word) => word !== "");
  const [ofG1, ofG2] = [Number(counts), Number(points.shift())];
  // The file has G1 in Lagrange form, G2 in powers, G1 in powers.
  const powersOfG2 = points.slice(ofG1, ofG1 + ofG2);
  const powersOfG1 = points.slice(ofG1 + ofG2, ofG1 + ofG2 + POINTS);
  const needed = [powersOfG2[0] as string, powersOfG2[POINTS] as string];
  return [...powersOfG1.map(encodeG1), ...needed.map(encodeG2)].join("");
}

export function renderSetup(points: string): string {
  const lines = points.match(/.{1,192}/g) ?? [];
  return `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Ethereum's trusted setup, as far as the check of a cell needs it, as code
/// @notice The code is [τ^0]₁ … [τ^63]₁, then [1]₂ and [τ^64]₂, in the form of EIP-2537: 64 × 128 + 2 × 256 bytes. Read it
/// with EXTCODECOPY; a call to it does nothing, for a coordinate begins with zeros, and zero is STOP.
/// @dev Written by scripts/kzg-setup.ts, which takes the points from c-kzg.
contract KzgSetup {
    constructor() {
        bytes memory points = _points();
        assembly ("memory-safe") {
            return(add(points, 32), mload(points))
        }
    }

    function _points() private pure returns (bytes memory) {
        return
${lines.map((line) => `            hex"${line}"`).join("\n")};
    }
}
`;
}

if (import.meta.main) {
  const text = renderSetup(await setupPoints());
  if (!process.argv.includes("--check")) await writeFile(TARGET, text);
  else if ((await readFile(TARGET, "utf8")) !== text)
    throw new Error("contracts/da/KzgSetup.sol is not what this writes");
}
