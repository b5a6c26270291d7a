import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { Wallet } from "ethers";
import { DEVNET_MNEMONIC, deploymentOf } from "../../devnet/deploy.ts";
import type { Hex } from "../../protocol/hex.ts";
import { randomPayload, startTestNetwork } from "../e2e/harness.ts";
import { type Anvil, startAnvil } from "./anvil.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CHAIN_ID = 424_242;
const RECORD = join(ROOT, `ignition/deployments/chain-${CHAIN_ID}`);
const MODULE = "ignition/modules/System.ts";

async function deploy(chain: Anvil): Promise<Record<string, { address: string }>> {
  const env = { ...process.env, DEVNET_RPC_URL: chain.url, HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: "true" };
  await run("hardhat", ["ignition", "deploy", MODULE, "--network", "devnet"], { cwd: ROOT, env });
  const addresses = JSON.parse(await readFile(join(RECORD, "deployed_addresses.json"), "utf8"));
  return Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, { address: String(address) }]));
}

describe("a chain that is not ours", function () {
  this.timeout(300_000);
  let data: string;
  let chain: Anvil;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), "zg-testnet-"));
    await rm(RECORD, { recursive: true, force: true });
  });
  afterEach(async () => {
    await chain?.stop();
    await rm(RECORD, { recursive: true, force: true });
    await rm(data, { recursive: true, force: true });
  });

  it("gets the contracts by one command, validators from one funded key, and takes a blob to FINALIZED", async () => {
    chain = await startAnvil(data, CHAIN_ID, "prague");
    const contracts = deploymentOf(await deploy(chain));
    const external = {
      ...{ rpc: chain.url, chainId: CHAIN_ID, contracts, fromBlock: 0 },
      finality: "finalized" as const,
      funder: Wallet.fromPhrase(DEVNET_MNEMONIC).privateKey as Hex,
      allowance: 10n ** 17n,
    };
    const network = await startTestNetwork({ data, chain: external });
    try {
      const { signers } = network.context.chain;
      await chain.request("anvil_mine", [2n * (await signers.getFunction("epochBlocks")())].map(Number));
      const [, stake] = await signers.getFunction("currentSet")();
      expect(stake).to.equal(4n * (await signers.getFunction("minStake")()));

      const payload = randomPayload(200_000);
      const id = await network.post(payload);
      const view = await network.until(id, ({ status }) => {
        void chain.request("evm_mine");
        return status === "FINALIZED";
      });
      expect(Buffer.from(await network.read(view.blobKey as string))).to.deep.equal(Buffer.from(payload));
    } finally {
      await network.stop();
    }
  });

  it("is refused before anything else is deployed when it lacks a precompile", async () => {
    chain = await startAnvil(data, CHAIN_ID, "cancun");
    const refusal = await deploy(chain).catch((error: { stdout: string; stderr: string }) => error);
    expect(`${refusal.stdout}${refusal.stderr}`).to.match(/PrecompileMissing\("0x0{38}0b"\)/);
    expect(await chain.request("eth_blockNumber")).to.equal("0x0");
  });
});
