import { createRequire } from "node:module";
import type * as CKzg from "c-kzg";
import { openKzg } from "../adapters/kzg.ts";
import { rowDecoder } from "../protocol/decode.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, report } from "./measure.ts";

// Half of the data columns lost: 32 of 64 cells to compute for each row.
const ROWS = 4;
const kzg = openKzg(0);
const plain = createRequire(import.meta.url)("c-kzg") as typeof CKzg;
const row = payloadOf("row", 131_072).map((byte, i) => (i % 32 === 0 ? 0 : byte));
const extended = kzg.extend(row);
const columns = Array.from({ length: 64 }, (_, i) => 2 * i + 1);
const cell = (j: number) => extended.slice(j * 2048, (j + 1) * 2048);
const decoder = rowDecoder(columns);
const cells = columns.map((j) => Buffer.concat(Array.from({ length: ROWS }, () => cell(j))));

const ours = { what: "own decoder, data cells only", run: () => decoder.decode(cells, ROWS) };
const peer = {
  what: "c-kzg recover, which makes all proofs too",
  run: () => plain.recoverCellsAndKzgProofs(columns, columns.map(cell)),
};
if (Buffer.compare(ours.run().subarray(0, 131_072), row) !== 0) throw new Error("decoded another row");
const times = await compare(ours, peer, 5);
report("decode", "one row from the 64 odd columns", ours, peer, { ours: times.ours / ROWS, peer: times.peer });
