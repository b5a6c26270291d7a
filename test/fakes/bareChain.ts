import { id, Wallet } from "ethers";
import { type Chain, openChain } from "../../adapters/chain.ts";
import { silentLog } from "../../adapters/log.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type Anvil, startAnvil } from "./anvil.ts";

/** Accepts everything and does nothing. */
const STOP = "0x00";
/** revert NothingToWithdraw(0x…07): selector and one word, built in memory. */
const refusal = `0x63${id("NothingToWithdraw(address)").slice(2, 10)}60e01b6000526007600452${"60246000fd"}`;

const at = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;

export const CONTRACTS = {
  Flow: at(0xf1),
  FixedPrice: at(0xf2),
  ChunkLinearReward: at(0xf3),
  PoraMine: at(0xf6),
  DASigners: at(0xf4),
  DAEntrance: at(0xf5),
  DASampling: at(0xf7),
  DAChallenge: at(0xf8),
  CellVerifier: at(0xf9),
} as const;
/** Reverts whatever it is asked, with an error of DAEntrance. */
export const REFUSES = at(0xe1);

export interface BareChain {
  readonly anvil: Anvil;
  readonly chain: Chain;
  /** A fresh key with ether. */
  newWallet(): Promise<Wallet>;
  /** A fresh address nobody has sent to. */
  newAddress(): Hex;
  balance(address: string): Promise<bigint>;
  stop(): Promise<void>;
}

/** A real chain with stubs in the place of the contracts, for what only needs blocks, nonces and money. */
export const startBareChain = async (finality: number): Promise<BareChain> => {
  const anvil = await startAnvil();
  for (const address of Object.values(CONTRACTS)) await anvil.rpc.call("anvil_setCode", [address, STOP]);
  await anvil.rpc.call("anvil_setCode", [REFUSES, refusal]);
  await anvil.mine();
  const chain = await openChain({
    rpc: anvil.url,
    chainId: anvil.chainId,
    contracts: CONTRACTS,
    finality,
    log: silentLog,
  });
  return {
    anvil,
    chain,
    newWallet: async () => {
      const wallet = new Wallet(Wallet.createRandom().privateKey);
      await anvil.rpc.call("anvil_setBalance", [wallet.address, `0x${(10n ** 21n).toString(16)}`]);
      return wallet;
    },
    newAddress: () => Wallet.createRandom().address.toLowerCase() as Hex,
    balance: async (address) => BigInt(String(await anvil.rpc.call("eth_getBalance", [address, "latest"]))),
    stop: async () => {
      await chain.close();
      await anvil.stop();
    },
  };
};
