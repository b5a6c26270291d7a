/** Hardhat's well-known mnemonic: its accounts are funded on every devnet and belong to the user, not to a worker. */
export const DEVNET_MNEMONIC = "test test test test test test test test test test test junk";
