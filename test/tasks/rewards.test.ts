import { expect } from "chai";
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { createNews } from "../../tasks/lib/earnings.ts";
import { gwei } from "../../tasks/lib/format.ts";
import { drawRewards, readRewards } from "../../tasks/lib/rewardReport.ts";
import { EMPTY_LEDGER, ledgerWith } from "../../tasks/lib/rewards.ts";
import { uploader } from "../../tasks/lib/signer.ts";
import { bytesAs } from "../../tasks/lib/sources.ts";
import { openStorage, type StorageClient } from "../../tasks/lib/storage.ts";
import { upload } from "../../workers/uploader/index.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const account = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;
const event = (name: string, args: Record<string, unknown>): ChainEvent =>
  ({ contract: "PoraMine", name, args, blockNumber: 1 }) as unknown as ChainEvent;

describe("who earned what", () => {
  const mined = (minerId: Hex, amount: bigint) => [
    event("NewSubmission", { minerId, epoch: 1n, epochIndex: 0n, recallPosition: 1024n }),
    event("DistributeReward", { minerId, pricingIndex: 0n, amount, beneficiary: account(1) }),
  ];

  it("is counted by id, whoever it pays now", () => {
    const { miners } = ledgerWith(EMPTY_LEDGER, [
      event("NewMinerId", { minerId: id(1), beneficiary: account(1) }),
      event("NewMinerId", { minerId: id(2), beneficiary: account(1) }),
      ...mined(id(1), 5n),
      event("UpdateMinerId", { minerId: id(1), from: account(1), to: account(3) }),
      ...mined(id(1), 7n),
    ]);
    expect([...miners.values()]).to.deep.equal([
      { minerId: id(1), beneficiary: account(3), answers: 2, earned: 12n },
      { minerId: id(2), beneficiary: account(1), answers: 0, earned: 0n },
    ]);
  });

  it("is the same however the log was cut into windows", () => {
    const events = [
      ...mined(id(1), 5n),
      event("RewardFilled", { pricingIndex: 3n, amount: 9n, endTime: 1n }),
      event("Swept", { pricingIndex: 3n, amount: 2n }),
      event("ServiceFee", { amount: 4n }),
      event("Donated", { amount: 6n }),
      event("Withdrawn", { amount: 3n }),
      ...mined(id(2), 1n),
    ];
    const whole = ledgerWith(EMPTY_LEDGER, events);
    expect(whole.chunks.get(3)).to.deep.equal({ received: 9n, swept: 2n });
    expect([whole.serviceFees, whole.donated, whole.withdrawn]).to.deep.equal([4n, 6n, 3n]);
    for (let cut = 0; cut <= events.length; cut++) {
      const halves = ledgerWith(ledgerWith(EMPTY_LEDGER, events.slice(0, cut)), events.slice(cut));
      expect(halves).to.deep.equal(whole);
    }
  });

  it("is news at once from a new miner, and then now and then", () => {
    const lines: string[] = [];
    const news = createNews((line) => lines.push(line));
    news.tell(0);
    expect(lines).to.deep.equal([]);
    news.take(mined(id(1), 5n * 10n ** 9n), 1_000);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/1 answer accepted, 5 gwei earned$/);
    news.take(mined(id(1), 1n), 2_000);
    news.take(mined(id(1), 1n), 3_000);
    expect(lines).to.have.length(1);
    news.tell(31_000);
    expect(lines.slice(1).join()).to.match(/2 answers accepted, 2 wei earned$/);
    news.take(mined(id(1), 1n), 32_000);
    news.take(mined(id(2), 1n), 33_000);
    expect(lines).to.have.length(4);
    news.tell(Number.POSITIVE_INFINITY);
    expect(lines).to.have.length(4);
  });

  it("is shown in gwei, dust in wei", () => {
    expect([0n, 1n, 10n ** 9n - 1n, 10n ** 9n, 1_234_567n * 10n ** 9n].map(gwei)).to.deep.equal([
      "0 gwei",
      "1 wei",
      "999,999,999 wei",
      "1 gwei",
      "1,234,567 gwei",
    ]);
  });
});

describe("what storage fees became, on a chain", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let storage: StorageClient;
  const { signal } = new AbortController();
  before(async () => {
    network = await startTestNetwork({ storageNodes: 1, validators: 0, embed: ["storage-0"], interval: 200 });
    storage = await openStorage(network.network);
  });
  after(async () => {
    await storage?.close();
    await network?.stop();
  });
  const read = () => readRewards(storage.chain, network.network.fromBlock, signal);

  it("adds up to the wei, from the first fee to a hit", async () => {
    const { chain } = storage;
    const request = (method: string, ...params: unknown[]) => network.devChain?.request(method, params);
    expect(await read()).to.deep.include({ chunks: [], miners: [], serviceFees: "0" });

    await upload({
      ...{ files: [bytesAs("a file", randomPayload(300_000))], tags: "0x", again: true, replicas: 1, signal },
      ...{ wallet: uploader(network.network), urls: network.network.storageNodes, pollMs: 30 },
      ...{ chain, client: storage.client, log: storage.log, fromBlock: network.network.fromBlock },
      folder: `${network.data}/uploads`,
      fulfilled: async () => undefined,
    });
    const paid = await read();
    const [chunk] = paid.chunks;
    const price: bigint = await chain.market.getFunction("pricePerSector")();
    // 300,000 bytes are 1,172 sectors, padded to sixteenths of 2,048.
    const fees = price * 1_280n;
    expect(BigInt(chunk?.received ?? 0) + BigInt(paid.serviceFees)).to.equal(fees);
    expect(paid.serviceFees).to.equal(String(fees / 100n));

    // A hit costs a search for an answer; what the pools do with one is the same when PoraMine itself asks for it.
    const miner = uploader(network.network).address;
    const requested = chain.mine.interface.encodeFunctionData("requestMinerId", [miner, 7]);
    await request("hardhat_impersonateAccount", miner);
    await request("eth_sendTransaction", { from: miner, to: chain.addresses.PoraMine, data: requested });
    const minerId = (await read()).miners[0]?.minerId as Hex;
    const claim = chain.reward.interface.encodeFunctionData("claimMineReward", [0, miner, minerId]);
    await request("hardhat_impersonateAccount", chain.addresses.PoraMine);
    await request("hardhat_setBalance", chain.addresses.PoraMine, "0xde0b6b3a7640000");
    await request("eth_sendTransaction", {
      from: chain.addresses.PoraMine,
      to: chain.addresses.ChunkLinearReward,
      data: claim,
    });
    const report = await read();
    const owed: bigint = await chain.reward.getFunction("payments")(miner);
    expect(owed > 0n).to.equal(true);
    expect(report.miners).to.deep.equal([{ minerId, beneficiary: miner, answers: 0, earned: String(owed) }]);
    for (const { received, locked, claimable, distributed, swept } of report.chunks) {
      const parts = [locked, claimable, distributed, swept].reduce((sum, part) => sum + BigInt(part), 0n);
      expect(parts).to.equal(BigInt(received));
    }
    const lines = drawRewards(report);
    expect(lines).to.include(minerId.slice(0, 10)).and.include(gwei(owed));
  });
});
