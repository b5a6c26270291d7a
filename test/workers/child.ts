/** A process of its own for a test, to be killed at a named place. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Compute, VerifiedBatch } from "../../adapters/compute.ts";
import { type BatchFacts, checkBatch } from "../../protocol/batchCheck.ts";
import { verifiedCells } from "../../protocol/column.ts";
import { toHex } from "../../protocol/hex.ts";
import type { Stored } from "./stored.ts";

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a file of test/workers with plain node. `crashpoint`: where it is to die. */
export const runChild = (file: string, args: readonly string[], crashpoint = ""): Promise<Ended> =>
  new Promise((resolve) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", path, ...args], {
      env: { ...process.env, CRASHPOINT: crashpoint },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = { output: "", errors: "" };
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text.output += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      text.errors += part;
    });
    child.on("close", (code, signal) => resolve({ code, signal, ...text }));
  });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** A batch as a file that a child reads: it has no compute pool, loading one takes seconds. */
export const writeStored = ({ batch, matrix }: Stored): string =>
  JSON.stringify({
    facts: batch.facts,
    bytes: base64(batch.bytes),
    rows: base64(batch.rows),
    matrix: {
      extended: base64(matrix.extended),
      cellRoots: base64(matrix.cellRoots),
      segmentRoots: base64(matrix.segmentRoots),
    },
  });

export const readStored = (text: string): Stored => {
  const { facts, bytes, rows, matrix } = JSON.parse(text) as {
    facts: BatchFacts;
    bytes: string;
    rows: string;
    matrix: Record<"extended" | "cellRoots" | "segmentRoots", string>;
  };
  const metadata = checkBatch(bytesOf(bytes), facts);
  const { extended, cellRoots, segmentRoots } = matrix;
  return {
    batch: { blobs: [], rows: bytesOf(rows), metadata, bytes: bytesOf(bytes), facts },
    matrix: { extended: bytesOf(extended), cellRoots: bytesOf(cellRoots), segmentRoots: bytesOf(segmentRoots) },
  };
};

/** A pool that hashes and has looked everything else up: it knows this one honest batch. */
export const knowing = ({ batch, matrix }: Stored): Compute => {
  const verified: VerifiedBatch = {
    batchRoot: batch.facts.batchRoot,
    metadata: batch.metadata,
    combined: new Uint8Array(48),
    coefficients: new Uint8Array(0),
  };
  const part = (bytes: Uint8Array, unit: number, first: number, count: number): Uint8Array =>
    bytes.slice(first * unit, (first + count) * unit);
  return {
    verifyBatch: async (bytes: Uint8Array, facts: BatchFacts) => {
      checkBatch(bytes, facts);
      return { ok: true, batch: verified };
    },
    verifyRows: async (_batch: VerifiedBatch, first: number, rows: Uint8Array) => {
      const count = rows.length / 131_072;
      if (toHex(rows) !== toHex(part(batch.rows, 131_072, first, count))) throw new Error("rows of another batch");
      return {
        ok: true,
        extended: part(matrix.extended, 262_144, first, count),
        cellRoots: part(matrix.cellRoots, 4_096, first, count),
        segmentRoots: part(matrix.segmentRoots, 32, first, count),
      };
    },
    verifyPolynomials: async () => ({ ok: true }),
    verifyColumn: async (_batch: VerifiedBatch, column: number, frame: Uint8Array) => ({
      ok: true,
      cells: verifiedCells(column, frame, matrix.segmentRoots),
    }),
  } as unknown as Compute;
};
