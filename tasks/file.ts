import { normalHex } from "../protocol/hex.ts";
import { locate } from "../workers/downloader/index.ts";
import { openPeers } from "../workers/peers.ts";
import { expiryOf, type FileReport, fileReport, fileRows } from "./lib/fileRows.ts";
import { runningNetwork } from "./lib/folder.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { openStorage } from "./lib/storage.ts";
import { drawTable } from "./lib/table.ts";

interface FileArguments {
  readonly root: string;
  readonly length: number;
  readonly data?: string;
  readonly json: boolean;
}

export default async function fileTask(given: FileArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const root = normalHex(given.root, 32);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    try {
      const { chain, client, log } = storage;
      const peers = openPeers({ client, urls: network.storageNodes, log });
      const { entry, liars } = await locate({ peers, chain }, root, given.length || undefined, interrupt.signal);
      const views = await peers.files(root, entry.length, interrupt.signal);
      const expiry = await expiryOf(chain, entry);
      const report: FileReport = fileReport({
        entry,
        views,
        urls: network.storageNodes,
        expiry,
        reports: peers.report(),
      });
      output.say(drawTable(fileRows(report)));
      for (const url of liars) output.warn(`${url} named an entry that the chain does not have`);
      output.result(report);
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}
