/** A node that lacks everything, in a process of its own: killed where CRASHPOINT says, else until it lacks nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../../fakes/wait.ts";
import { openTestLog, randomFile } from "../log/files.ts";
import { startSyncing } from "./node.ts";

const [dir = "", plan = ""] = process.argv.slice(2);
const { urls, files } = JSON.parse(readFileSync(plan, "utf8")) as { urls: string[]; files: [number, string][] };
const own = await openTestLog(join(dir, "log"));
if (own.log.tip().nextTxSeq === 0) await own.add(files.map(([length, seed]) => randomFile(length, seed)));
const node = await startSyncing({ store: own.log, dir: join(dir, "shelf"), urls });
await until("nothing is missing", () => own.log.pending(0, 1).length === 0, 60_000);
process.stdout.write(`${node.sync.report().fetched.segments}`);
await node.stop();
await own.close();
