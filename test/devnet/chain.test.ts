import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JsonRpcProvider, Wallet } from "ethers";
import { type DevChain, startChain } from "../../devnet/chain/index.ts";

const MNEMONIC = "test test test test test test test test test test test junk";

async function hashes(chain: DevChain): Promise<string[]> {
  const height = Number(await chain.request("eth_blockNumber", []));
  const found: string[] = [];
  for (let number = 0; number <= height; number++) {
    const block = await chain.request("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    found.push((block as { hash: string }).hash);
  }
  return found;
}

async function pay(chain: DevChain): Promise<void> {
  const provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, pollingInterval: 20 });
  const wallet = Wallet.fromPhrase(MNEMONIC).connect(provider);
  await (await wallet.sendTransaction({ to: wallet.address, value: 1n })).wait();
  provider.destroy();
}

describe("the devnet's chain", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zg-chain-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("leaves room in its estimates for what comes between them and their block", async () => {
    const chain = await startChain({ interval: 0 });
    try {
      const [from] = (await chain.request("eth_accounts", [])) as string[];
      // Init code that returns nothing costs 53,000 and a little.
      const create = Number(await chain.request("eth_estimateGas", [{ from, data: "0x60006000f3" }]));
      expect(create).to.be.within(106_000, 108_000);
      const large = await chain.request("eth_estimateGas", [{ from, data: "0x60006000f3", gas: "0x989680" }]);
      expect(Number(large)).to.equal(create);
    } finally {
      await chain.close();
    }
  });

  it("comes back from its journal with every block's hash, and goes on", async () => {
    const options = { interval: 0, journal: join(folder, "journal") };
    const first = await startChain(options);
    await pay(first);
    await first.mine(5);
    await first.request("evm_increaseTime", [1000]);
    await pay(first);
    const snapshot = await first.request("evm_snapshot", []);
    await first.mine(3);
    await first.request("evm_revert", [snapshot]);
    await first.mine(2);
    await first.request("hardhat_mine", ["0x14"]);
    const before = await hashes(first);
    await first.close();

    const second = await startChain(options);
    expect(await hashes(second)).to.deep.equal(before);
    await pay(second);
    const after = await hashes(second);
    await second.close();
    expect(after.slice(0, before.length)).to.deep.equal(before);

    const third = await startChain(options);
    expect(await hashes(third)).to.deep.equal(after);
    await third.close();
  });

  it("mines runs of blocks that link, at a time of their own or all at one", async () => {
    const chain = await startChain({ interval: 0 });
    await chain.mine(300);
    await chain.request("hardhat_mine", ["0x5", "0xa"]);
    const blocks: { hash: string; parentHash: string; timestamp: string }[] = [];
    for (let number = 0; number <= 305; number++) {
      const block = await chain.request("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
      blocks.push(block as { hash: string; parentHash: string; timestamp: string });
    }
    await chain.close();
    expect(blocks.slice(1).map(({ parentHash }) => parentHash)).to.deep.equal(
      blocks.slice(0, -1).map(({ hash }) => hash),
    );
    const time = (number: number): number => Number(blocks[number]?.timestamp);
    expect(time(300) - time(1)).to.equal(0);
    expect(time(305) - time(301)).to.equal(40);
  });

  it("drops a line that a killed process left half-written", async () => {
    const options = { interval: 0, journal: join(folder, "journal") };
    const first = await startChain(options);
    await first.mine(2);
    const before = await hashes(first);
    await first.close();
    await appendFile(options.journal, '{"method":"evm_mi');

    for (let round = 0; round < 2; round++) {
      const again = await startChain(options);
      expect(await hashes(again)).to.deep.equal(before);
      await again.close();
    }
  });

  it("sends a custom error's data as a public node does", async () => {
    const chain = await startChain({ interval: 0 });
    // PUSH4 0xdeadbeef, MSTORE at 0, REVERT(28, 4)
    const code = "0x63deadbeef6000526004601cfd";
    const reply = await fetch(chain.url, {
      method: "POST",
      body: JSON.stringify({ id: 1, method: "eth_call", params: [{ data: code }, "latest"] }),
    });
    const body = (await reply.json()) as { error: { code: number; data: string } };
    await chain.close();
    expect(body.error).to.include({ code: 3, data: "0xdeadbeef" });
  });

  it("refuses a transaction that public nodes would drop unseen", async () => {
    const chain = await startChain({ interval: 0 });
    const error = await chain.request("eth_sendRawTransaction", [`0x${"00".repeat(131_073)}`]).catch((e: Error) => e);
    await chain.close();
    expect(String(error)).to.match(/oversized data: transaction size 131073, limit 131072/);
  });

  it("makes blocks on its own only when it is given an interval", async () => {
    const chain = await startChain({ interval: 20 });
    const start = performance.now();
    while (Number(await chain.request("eth_blockNumber", [])) < 3) {
      expect(performance.now() - start).to.be.below(5000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await chain.close();
  });
});
