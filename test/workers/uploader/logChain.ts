/** The devnet's chain with the contracts on it, and nobody who follows it. */
import { join } from "node:path";
import { Wallet } from "ethers";
import { type Chain, openChain } from "../../../adapters/chain.ts";
import { silentLog } from "../../../adapters/log.ts";
import { startChain } from "../../../devnet/chain/index.ts";
import { deployDevnet } from "../../../devnet/deploy.ts";
import { fileNodesOf, shapeOf } from "../../../protocol/file.ts";
import { toHex } from "../../../protocol/hex.ts";
import { entriesIn } from "../../../workers/chain-entries.ts";
import type { Entry } from "../../../workers/chain-entry.ts";
import { type IntentFile, intentFile } from "../../../workers/uploader/intent.ts";
import { testFile } from "../../fakes/fileNode.ts";
import { tempDir } from "../../fakes/temp.ts";

export interface LogChain {
  readonly chain: Chain;
  /** A funded account that nobody else uses. */
  newWallet(): Wallet;
  mine(blocks: number): Promise<void>;
  request(method: string, params: readonly unknown[]): Promise<unknown>;
  /** All entries of the log. */
  entries(): Promise<Entry[]>;
  stop(): Promise<void>;
}

export const FINALITY = 3;

export const startLogChain = async (): Promise<LogChain> => {
  const dir = tempDir("log-chain");
  const server = await startChain({ interval: 0 });
  const contracts = await deployDevnet(server, join(dir.path, "ignition"));
  const chain = await openChain({
    ...{ rpc: server.url, chainId: server.chainId, contracts, finality: FINALITY, log: silentLog },
  });
  const wallets = Array.from({ length: 40 }, () => new Wallet(Wallet.createRandom().privateKey));
  for (const { address } of wallets) await server.request("hardhat_setBalance", [address, "0x56bc75e2d63100000"]);
  return {
    chain,
    newWallet: () => {
      const wallet = wallets.pop();
      if (wallet === undefined) throw new Error("no more wallets");
      return wallet;
    },
    mine: server.mine,
    request: server.request,
    entries: async () => entriesIn(chain, { from: 0, to: await chain.head() }, {}),
    stop: async () => {
      await chain.close();
      await server.close();
      dir.remove();
    },
  };
};

/** Distinct for each seed. */
export const testIntentFile = (length: number, seed: number): IntentFile => {
  const { roots, segment } = testFile(length, seed);
  const shape = shapeOf(length);
  return intentFile(length, [...fileNodesOf(shape, roots, segment(shape.segments - 1))]);
};

export const randomTags = () => toHex(crypto.getRandomValues(new Uint8Array(8)));
