/** A node that lacks a confirmed batch, in a process of its own: killed where CRASHPOINT says, else until it is settled. */
import { readFileSync } from "node:fs";
import { openClient } from "../../../../adapters/http-client.ts";
import { silentLog } from "../../../../adapters/log.ts";
import { openPeers } from "../../../../workers/peers.ts";
import { syncBatch } from "../../../../workers/storage/sync/batch.ts";
import { knowing, readStored } from "../../child.ts";
import { confirmedEvent, fakeChain, submittedEvent } from "../../fake-chain.ts";
import { openNode } from "../node.ts";

const [dir = "", file = "", url = ""] = process.argv.slice(2);
const stored = readStored(readFileSync(file, "utf8"));
const { batchId } = stored.batch.facts;
const fake = fakeChain();
fake.mine(submittedEvent(stored.batch));
fake.mine(confirmedEvent(stored.batch, 6, fake.hashAt(1)));
const node = await openNode({ compute: knowing(stored) }, fake, { path: dir, remove: () => undefined });
await node.follow();
const client = openClient();
const deps = {
  ...{ shelf: node.shelf, intake: node.intake, latest: () => 2, hands: 1, onRow: () => undefined },
  peers: openPeers({ client, urls: [url], log: silentLog }),
  store: { entry: () => undefined, shard: () => ({ shardId: 0, numShard: 1 }) },
};
const { fetched, failure } = await syncBatch(deps, batchId, new AbortController().signal);
await node.settle(batchId);
process.stdout.write(`${fetched} ${failure ?? "settled"}`);
client.close();
await node.shelf.close();
