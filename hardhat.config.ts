import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import type { SolidityCompilerUserConfig } from "hardhat/types/config";
import { tasks } from "./tasks/index.ts";

// The compiler comes from npm, locked like every other package: nothing is downloaded at build time.
const solc: SolidityCompilerUserConfig & { isolated: boolean } = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
  settings: { evmVersion: "prague", optimizer: { enabled: true, runs: 10_000 } },
  isolated: false,
};

export default defineConfig({
  plugins: [toolbox],
  tasks,
  // Both profiles are given in full: Ignition builds with `production`, and what is tested must be what is deployed.
  solidity: { profiles: { default: solc, production: solc } },
  paths: { tests: { solidity: "test/contracts", mocha: "test" } },
  // Vectors are shared with the TypeScript tests; snapshots are written by tests.
  test: { solidity: { fsPermissions: { readDirectory: ["test/vectors"] } } },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "prague" },
    devnet: { type: "http", chainType: "l1", url: configVariable("DEVNET_RPC_URL") },
    sepolia: {
      type: "http",
      chainType: "l1",
      chainId: 11155111,
      url: configVariable("SEPOLIA_RPC_URL"),
      accounts: [configVariable("SEPOLIA_PRIVATE_KEY")],
    },
    zerogTestnet: {
      type: "http",
      chainType: "generic",
      chainId: 16602,
      url: process.env.ZEROG_TESTNET_RPC_URL ?? "https://evmrpc-testnet.0g.ai",
      accounts: [configVariable("ZEROG_TESTNET_PRIVATE_KEY")],
    },
  },
});
