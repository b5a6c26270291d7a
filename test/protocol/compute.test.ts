import { expect } from "chai";
import { type Compute, openCompute } from "../../adapters/compute.ts";
import { packBlob } from "../../protocol/blob.ts";
import { rowCoefficients } from "../../protocol/challenge.ts";
import { combination } from "../../protocol/combine.ts";
import { accepted, type ZgError } from "../../protocol/errors.ts";
import { concat, equalBytes, toHex } from "../../protocol/hex.ts";
import { ROW_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../../protocol/tree.ts";
import { redundancyRootsOf } from "../../protocol/upload.ts";
import { cellAt } from "./matrix.ts";
import { chunks } from "./naive.ts";
import { sharedCompute, sharedKzg } from "./pool.ts";
import { ACCOUNT, payloadOf, saltOf } from "./sample.ts";

describe("compute pool", function () {
  this.timeout(60_000);
  let compute: Compute;

  before(async () => {
    compute = await sharedCompute();
  });

  it("encodes a blob the same in one thread, over two, and step by step in the caller's", async () => {
    for (const rows of [1, 4, 5, 19]) {
      const packed = packBlob(payloadOf(`${rows} rows`, rows * 126_976 - 4));
      const kzg = sharedKzg();
      const cellRoots = cellRootsOf(kzg.extend(packed));
      const segmentRoots = segmentRootsOf(cellRoots);
      const dataRoot = toHex(dataRootOf(segmentRoots));
      const sum = combination(4096);
      for (const [i, rho] of rowCoefficients(dataRoot, rows).entries()) {
        sum.add(rho, packed.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES));
      }
      const made = await compute.encodeBlob(packed);
      expect(made.dataRoot, `${rows} rows`).to.equal(dataRoot);
      expect(equalBytes(made.segmentRoots, segmentRoots)).to.equal(true);
      expect(equalBytes(made.redundancyRoots, redundancyRootsOf(cellRoots))).to.equal(true);
      expect(equalBytes(made.q, sum.result())).to.equal(true);
      expect(made.commitment).to.equal(toHex(kzg.commit(made.q)));
    }
  });

  it("extends rows in pieces as in one", async () => {
    const packed = packBlob(payloadOf("in pieces", 20 * 126_976 - 4));
    const whole = await compute.extendRows(packed);
    const piecewise = await Promise.all(chunks(packed, ROW_BYTES).map((row) => compute.extendRows(row)));
    expect(equalBytes(concat(...piecewise.map((piece) => piece.extended)), whole.extended)).to.equal(true);
    expect(equalBytes(concat(...piecewise.map((piece) => piece.segmentRoots)), whole.segmentRoots)).to.equal(true);
  });

  it("decodes a long blob over both threads, with other columns in every part", async () => {
    const payload = payloadOf("to decode", 20 * 126_976 - 1000);
    const packed = packBlob(payload);
    const { dataRoot, commitment } = await compute.encodeBlob(packed);
    const { extended } = await compute.extendRows(packed);
    const header = {
      version: 1,
      dataRoot,
      commitment,
      length: payload.length,
      rows: 20,
      account: ACCOUNT,
      salt: saltOf(""),
    };
    const pieces = Array.from({ length: 20 }, (_, row) => row).flatMap((row) =>
      Array.from({ length: 64 }, (_, k) => ({
        column: row < 12 ? 2 * k + (row % 2) : (k + 3 * row) % 128,
        firstRow: row,
        cells: new Uint8Array(0),
      })).map((piece) => ({ ...piece, cells: cellAt(extended, row, piece.column) })),
    );
    const verdict = accepted(await compute.decodeBlob(header, pieces));
    expect(equalBytes(verdict.payload, payload)).to.equal(true);
  });

  it("leaves the caller's buffers alone", async () => {
    const packed = packBlob(payloadOf("mine", 5 * 126_976 - 4));
    const copy = packed.slice();
    await Promise.all([compute.encodeBlob(packed), compute.extendRows(packed)]);
    expect(equalBytes(packed, copy)).to.equal(true);
  });

  it("refuses lengths that are no rows, and new work once it is closed", async () => {
    const code = async (work: Promise<unknown>) => work.then(() => "accepted").catch((error: ZgError) => error.code);
    expect(await code(compute.encodeBlob(new Uint8Array(0)))).to.equal("LengthMismatch");
    expect(await code(compute.extendRows(new Uint8Array(ROW_BYTES + 1)))).to.equal("LengthMismatch");
    const short = await openCompute({ threads: 1 });
    const running = short.encodeBlob(packBlob(payloadOf("last", 100)));
    const closing = short.close();
    expect(await code(running)).to.equal("accepted");
    await closing;
    expect(await code(short.encodeBlob(packBlob(payloadOf("late", 100))))).to.equal("Stopping");
  });
});
