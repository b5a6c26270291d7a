/** A KV node that replays a few entries on a folder that outlives it; killed where CRASHPOINT says. */

import { LOG } from "./life.ts";
import { type Available, hold, openNode, submitEvent } from "./node.ts";

const [dir = ""] = process.argv.slice(2);
const available: Available = new Map();
for (const { payload } of LOG) hold(available, payload);
const events = LOG.map((entry, txSeq) => submitEvent(entry, txSeq, txSeq + 1));
const node = await openNode(dir, available);
// The last one withdraws what has been applied before.
for (const part of [events.slice(0, -1), events.slice(-1)]) {
  await node.apply(...part);
  await node.settle();
}
process.stdout.write(node.asked.length.toString());
node.close();
