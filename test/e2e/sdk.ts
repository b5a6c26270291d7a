/** 0G's published client against a network of ours, as a user would hold it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Downloader, getFlowContract, StorageNode, Uploader, type UploadOption } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider } from "ethers";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import type { Hex } from "../../protocol/hex.ts";
import { tempDir } from "../fakes/temp.ts";
import type { TestNetwork } from "./harness.ts";

/** What the client takes for a file; it does not export the class. */
export type SdkFile = Parameters<Uploader["uploadFile"]>[0];
/** ethers once more, by its other types. */
export type SdkSigner = Parameters<typeof getFlowContract>[1];

export interface Sdk {
  /** A signer of its own for each caller: their nonces do not meet. */
  signer(): HDNodeWallet;
  nodes(...ids: number[]): StorageNode[];
  uploader(nodes: StorageNode[], signer?: HDNodeWallet): Uploader;
  /** Root and txSeq; throws what the client would return. */
  upload(file: SdkFile, nodes: StorageNode[], options?: UploadOption): Promise<{ root: Hex; txSeq: number }>;
  /** The bytes of a download by `how`. */
  download(how: (path: string) => Promise<Error | null>): Promise<Buffer>;
  downloader(...ids: number[]): Downloader;
  /** A flow contract as the client makes it. */
  flow(signer: HDNodeWallet): ReturnType<typeof getFlowContract>;
  close(): void;
}

/** Accounts of the mnemonic that nobody else in a test network uses. */
const FIRST_ACCOUNT = 2;

export function openSdk({ network }: TestNetwork): Sdk {
  const provider = new JsonRpcProvider(network.rpc, network.chainId, { staticNetwork: true, pollingInterval: 100 });
  const uploaders: Uploader[] = [];
  const folder = tempDir("sdk");
  let account = FIRST_ACCOUNT;
  let file = 0;
  const sdk: Sdk = {
    signer: () => HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, "", `m/44'/60'/0'/0/${account++}`).connect(provider),
    nodes: (...ids) => ids.map((id) => new StorageNode(network.storageNodes[id] ?? "")),
    uploader(nodes, signer = sdk.signer()) {
      const uploader = new Uploader(nodes, network.rpc, sdk.flow(signer));
      uploaders.push(uploader);
      return uploader;
    },
    async upload(data, nodes, options = {}) {
      const [result, error] = await sdk.uploader(nodes).uploadFile(data, options);
      if (error !== null) throw error;
      return { root: result.rootHash as Hex, txSeq: result.txSeq };
    },
    flow: (signer) => getFlowContract(network.contracts.Flow, signer as unknown as SdkSigner),
    downloader: (...ids) => new Downloader(sdk.nodes(...ids)),
    async download(how) {
      const path = join(folder.path, `${file++}`);
      const error = await how(path);
      if (error !== null) throw error;
      return readFile(path);
    },
    close() {
      for (const { provider: own } of uploaders) (own as { destroy?: () => void }).destroy?.();
      provider.destroy();
      folder.remove();
    },
  };
  return sdk;
}

/** The client tells its story to the console, whoever listens. */
export function quiet(): () => void {
  const { log, warn } = console;
  if (process.env.E2E_LOG) return () => undefined;
  console.log = () => undefined;
  console.warn = () => undefined;
  return () => Object.assign(console, { log, warn });
}

export const same = (actual: Uint8Array, expected: Uint8Array, what = "bytes"): void => {
  expect(actual.length, `length of ${what}`).to.equal(expected.length);
  expect(Buffer.compare(actual, expected), what).to.equal(0);
};

/** Asks until there is an answer that will do. */
export async function eventually<T>(ask: () => Promise<T | undefined | null | false>, label: string): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(100)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`still not so: ${label}`);
}
