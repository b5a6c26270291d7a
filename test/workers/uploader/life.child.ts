/** One life of a client: uploads or downloads, dies where CRASHPOINT says, and says what came of it. Arguments: JSON. */
import { Wallet } from "ethers";
import { readNetwork } from "../../../adapters/network.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { fileAt } from "../../../tasks/lib/sources.ts";
import { openStorage } from "../../../tasks/lib/storage.ts";
import { download } from "../../../workers/downloader/index.ts";
import { upload } from "../../../workers/uploader/index.ts";

export interface Life {
  readonly data: string;
  readonly folder: string;
  readonly key: string;
  readonly files: readonly string[];
  readonly tags: Hex;
  readonly replicas: number;
  readonly again?: boolean;
  readonly download?: { readonly root: Hex; readonly path: string };
}

const life = JSON.parse(process.argv[2] ?? "{}") as Life;
const storage = await openStorage(await readNetwork(life.data));
const { network, chain, client, log } = storage;
const signal = new AbortController().signal;
const common = { chain, client, log, signal, urls: network.storageNodes, patienceMs: 20_000 };
const done =
  life.download === undefined
    ? await upload({
        ...common,
        ...{ files: life.files.map((file) => fileAt(file)), tags: life.tags, wallet: new Wallet(life.key) },
        again: life.again,
        ...{ fromBlock: network.fromBlock, replicas: life.replicas, folder: life.folder, pollMs: 30 },
      })
    : await download({ ...common, ...life.download });
process.stdout.write(`${JSON.stringify(done)}\n`);
await storage.close();
