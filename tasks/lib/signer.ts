import { HDNodeWallet, Wallet } from "ethers";
import { DEVNET_CHAIN_ID, type NetworkJson } from "../../adapters/network.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { ZgError } from "../../protocol/errors.ts";

/** Account 0 pays for the network itself; this one is the user's. */
const USER_PATH = "m/44'/60'/0'/0/1";
const VARIABLES = ["UPLOADER_PRIVATE_KEY", "FUNDER_PRIVATE_KEY"] as const;

/** Who uploads, and is recorded as the author: a key from the environment, or on the devnet Hardhat's account 1. */
export function uploader({ chainId }: Pick<NetworkJson, "chainId">, env: NodeJS.ProcessEnv = process.env): Wallet {
  for (const name of VARIABLES) {
    const key = env[name];
    if (key !== undefined && key !== "") return walletOf(name, key);
  }
  if (chainId === DEVNET_CHAIN_ID)
    return new Wallet(HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, undefined, USER_PATH).privateKey);
  throw new ZgError("BadConfig", { field: VARIABLES[0], why: "the key of the account that uploads and pays" });
}

function walletOf(field: string, key: string): Wallet {
  try {
    return new Wallet(key.startsWith("0x") ? key : `0x${key}`);
  } catch {
    // The error of ethers shows the value; this one must not.
    throw new ZgError("BadConfig", { field, why: "not a private key: 32 bytes of hex" });
  }
}
