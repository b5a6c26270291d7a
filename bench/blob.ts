import { openCompute } from "../adapters/compute.ts";
import { packBlob } from "../protocol/blob.ts";
import { MAX_BLOB_BYTES, ROW_BYTES } from "../protocol/params.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, cpuTime, report } from "./measure.ts";

// The largest blob, 256 rows, through the pool: with one thread and with two, by the clock on the wall.
const rows = packBlob(payloadOf("largest", MAX_BLOB_BYTES));
const [two, one] = [await openCompute({ threads: 2 }), await openCompute({ threads: 1 })];
const ours = { what: "two threads", run: () => two.encodeBlob(rows) };
const peer = { what: "one thread", run: () => one.encodeBlob(rows) };
const times = await compare(ours, peer, 3, () => performance.now());
const start = cpuTime();
await two.encodeBlob(rows);
const perRow = (cpuTime() - start) / (rows.length / ROW_BYTES);
report("blob", "encoding a blob of 32,505,852 bytes", ours, peer, times, { cpuMsPerRow: perRow.toFixed(2) });
await Promise.all([one.close(), two.close()]);
