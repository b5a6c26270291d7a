/** Files sent to one storage node of a test network, by the uploader that users have. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type EventLog, HDNodeWallet, Wallet } from "ethers";
import { bytesSource } from "../../adapters/file-source.ts";
import { openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import { nodeClient } from "../../adapters/node-client.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { upload } from "../../workers/uploader/index.ts";
import type { TestNetwork } from "./harness.ts";

export interface SentFile {
  /** Has this node all of it? */
  isAt(node: number): Promise<boolean>;
  /** Entries of the log that name it: what was paid for. Waits until its sender is done. */
  entries(): Promise<number>;
}

export interface FileSender {
  /** To one node, again and again until it has it: the node may die meanwhile. */
  send(bytes: Uint8Array, node: number): SentFile;
  close(): void;
}

const RETRY_MS = 300;

export async function openFileSender({ network, context, data }: TestNetwork): Promise<FileSender> {
  const client = openClient();
  const stopped = new AbortController();
  const folder = join(data, "uploads");
  await mkdir(folder, { recursive: true });
  const { privateKey } = HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, undefined, "m/44'/60'/0'/0/6");
  const wallet = new Wallet(privateKey);
  const urlOf = (node: number): string => network.storageNodes[node] as string;

  const once = (bytes: Uint8Array, node: number) =>
    upload({
      ...{ files: [{ name: "file", open: async () => bytesSource(bytes) }], tags: "0x", wallet },
      ...{ chain: context.chain, fromBlock: 0, client, urls: [urlOf(node)], replicas: 1, folder, log: silentLog },
      ...{ signal: stopped.signal, pollMs: 50, patienceMs: 2_000 },
    });
  const untilSent = async (bytes: Uint8Array, node: number) => {
    for (;;) {
      const sent = await once(bytes, node).catch((error: unknown) => {
        if (stopped.signal.aborted) throw error;
      });
      if (sent !== undefined) return sent.files[0];
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };

  return {
    send: (bytes, node) => {
      const sent = untilSent(bytes, node);
      sent.catch(() => undefined);
      return {
        isAt: async (at) => {
          const file = await sent;
          if (file === undefined) return false;
          const view = await nodeClient(client, urlOf(at))
            .file(file.root, file.length)
            .catch(() => undefined);
          return view?.finalized === true;
        },
        entries: async () => {
          const file = await sent;
          const { flow } = context.chain;
          const submits = (await flow.queryFilter(flow.filters.Submit?.() as never, 0)) as EventLog[];
          const own = submits.find(({ args }) => Number(args.submissionIndex) === file?.txSeq);
          return submits.filter(({ args }) => args.identity === own?.args.identity).length;
        },
      };
    },
    close: () => {
      stopped.abort();
      client.close();
    },
  };
}
