/** The whole life of one batch in a storage node, on a folder that outlives it; killed where CRASHPOINT says. */
import { readFileSync } from "node:fs";
import { knowing, readStored } from "../child.ts";
import { confirmedEvent, fakeChain, submittedEvent } from "../fake-chain.ts";
import { halves } from "../stored.ts";
import { openNode } from "./node.ts";

const [dir = "", file = ""] = process.argv.slice(2);
const stored = readStored(readFileSync(file, "utf8"));
const { batchId } = stored.batch.facts;
const fake = fakeChain();
fake.mine(submittedEvent(stored.batch));
const node = await openNode({ compute: knowing(stored) }, fake, { path: dir, remove: () => undefined });
await node.follow();
const say = (word: string): void => void process.stdout.write(`${word}\n`);
await node.intake.putMetadata(batchId, stored.batch.bytes);
say("metadata");
for (const row of [0, 1, 2, 3]) {
  await node.intake.putRows(batchId, row, halves(stored, row, 1));
  say(`row ${row}`);
}
await node.intake.stage(batchId);
say("acknowledged");
fake.mine(confirmedEvent(stored.batch, 6, fake.hashAt(1)));
await node.follow();
await node.settle(batchId);
say("settled");
await node.shelf.close();
