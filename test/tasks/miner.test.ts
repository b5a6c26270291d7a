import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { takeLock } from "../../adapters/lock.ts";
import type { Hex } from "../../protocol/hex.ts";
import { keyOfMiner } from "../../tasks/lib/minerTask.ts";
import { perform } from "../../tasks/lib/perform.ts";
import { uploader } from "../../tasks/lib/signer.ts";
import { openStorage, type StorageClient } from "../../tasks/lib/storage.ts";
import register from "../../tasks/miner/register.ts";
import start from "../../tasks/miner/start.ts";
import status from "../../tasks/miner/status.ts";
import withdraw from "../../tasks/miner/withdraw.ts";
import { startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { rejection } from "../fakes/errors.ts";
import { runJson } from "./run.ts";

const SOMEBODY: Hex = `0x${"5a".repeat(20)}`;

/** The `miner` tasks as Hardhat calls them, against a real chain; mining itself is tested end to end. */
describe("the miner tasks", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let storage: StorageClient;
  before(async () => {
    network = await startTestNetwork({ storageNodes: 1, validators: 0, embed: [], interval: 100 });
    storage = await openStorage(network.network);
  });
  after(async () => {
    await storage?.close();
    await network?.stop();
  });

  const run = <T extends object>(task: (given: T) => Promise<void>, given: Omit<T, "data" | "json">) =>
    runJson(task, { ...given, data: network.data } as unknown as Omit<T, "json">);
  const request = (method: string, ...params: unknown[]) => network.devChain?.request(method, params);
  const payments = (account: unknown): Promise<bigint> => storage.chain.reward.getFunction("payments")(account);

  /** A hit takes a search; what the pools do with one is the same when PoraMine itself asks for it. */
  async function hit(minerId: unknown, beneficiary: unknown): Promise<void> {
    const { addresses, reward } = storage.chain;
    await request("hardhat_impersonateAccount", addresses.PoraMine);
    await request("hardhat_setBalance", addresses.PoraMine, "0xde0b6b3a7640000");
    const donation = reward.interface.encodeFunctionData("donate");
    const value = "0x38d7ea4c68000";
    const claim = reward.interface.encodeFunctionData("claimMineReward", [0, beneficiary, minerId]);
    for (const call of [{ data: donation, value }, { data: claim }]) {
      await request("eth_sendTransaction", { from: addresses.PoraMine, to: addresses.ChunkLinearReward, ...call });
    }
  }

  async function payFee(): Promise<void> {
    const { flow, market, provider } = storage.chain;
    const payer = uploader(network.network).connect(provider);
    const fee = 1024n * (await market.getFunction("pricePerSector")());
    const data = { length: 2 ** 18, tags: "0x", nodes: [{ root: `0x${"11".repeat(32)}`, height: 10 }] };
    const sent = await flow.connect(payer).getFunction("submit")({ data, submitter: payer.address }, { value: fee });
    await sent.wait();
  }

  it("make a funded key and its id once, whoever asks how often", async () => {
    const first = await run(register, { id: 0 });
    expect(first).to.include({ miner: "miner-0", known: false });
    expect(await storage.chain.mine.getFunction("beneficiaries")(first.minerId)).to.match(
      new RegExp(String(first.account), "i"),
    );
    expect(await storage.chain.provider.getBalance(String(first.account))).to.be.greaterThan(10n ** 18n);
    const nonce = await storage.chain.nonce(String(first.account), "latest");

    expect(await run(register, { id: 0 })).to.deep.equal({ ...first, known: true });
    expect(await storage.chain.nonce(String(first.account), "latest")).to.equal(nonce);
    const second = await run(register, { id: 1 });
    expect(second.minerId).not.to.equal(first.minerId);
    expect(second.account).not.to.equal(first.account);
  });

  it("say what a miner is and has, also while its worker does not run", async () => {
    const { minerId, account } = await run(register, { id: 0 });
    const idle = await run(status, { id: 0 });
    expect(idle).to.include({ minerId, account, answers: 0, earned: "0", owed: "0", worker: null });
    expect(await run(status, { id: 7 })).to.include({ code: "UnknownId" });
    expect(await run(status, { id: -1 })).to.include({ code: "BadConfig" });
    expect(await run(status, { id: 64 })).to.include({ code: "BadConfig" });
  });

  it("send what is owed to whom it may concern, once", async () => {
    const { minerId, account } = await run(register, { id: 0 });
    expect(await run(withdraw, { id: 0 })).to.include({ amount: "0", hash: null });
    expect(await run(withdraw, { id: 7 })).to.include({ code: "UnknownId" });
    expect(await run(withdraw, { id: 0, to: "0x12" })).to.include({ code: "MalformedHex" });

    await payFee();
    await hit(minerId, account);
    const owed = await payments(account);
    expect(owed > 0n).to.equal(true);
    expect(await run(status, { id: 0 })).to.include({ earned: String(owed), owed: String(owed) });
    expect(await run(withdraw, { id: 0, to: SOMEBODY })).to.include({ amount: String(owed), to: SOMEBODY });
    expect(await storage.chain.provider.getBalance(SOMEBODY)).to.equal(owed);
    expect(await payments(account)).to.equal(0n);
    // The same amount again is another withdrawal.
    await hit(minerId, account);
    const again = await payments(account);
    expect(await run(withdraw, { id: 0, to: SOMEBODY })).to.include({ amount: String(again) });
    expect(await storage.chain.provider.getBalance(SOMEBODY)).to.equal(owed + again);
  });

  it("share a key's nonces with whoever else uses it, and name what the chain refuses", async () => {
    const { account } = await run(register, { id: 1 });
    const key = await keyOfMiner({ data: network.data, name: "miner-1" });
    const { chain, log } = storage;
    const mine = chain.addresses.PoraMine.toLowerCase() as Hex;
    const common = { data: network.data, party: "miner-1", key, chain, log, signal: new AbortController().signal };
    const request = (seed: number) => {
      const data = chain.mine.interface.encodeFunctionData("requestMinerId", [account, seed]) as Hex;
      return perform({ ...common, intent: { id: `id-${seed}`, kind: "id", to: mine, data, value: "0" } });
    };
    const before = await chain.nonce(String(account), "latest");
    const outcomes = await Promise.all([request(1), request(2), request(3)]);
    expect(outcomes.map(({ result }) => result)).to.deep.equal(["success", "success", "success"]);
    expect(await chain.nonce(String(account), "latest")).to.equal(before + 3);
    const nobody = chain.mine.interface.encodeFunctionData("requestMinerId", [`0x${"00".repeat(20)}`, 1]) as Hex;
    const intent = { id: "refused", kind: "id", to: mine, data: nobody, value: "0" };
    await rejection(perform({ ...common, intent }), "ChainReverted");
  });

  it("refuse to start what can not be, by name", async () => {
    expect(await run(start, { id: 0, shards: 3, share: 0 })).to.include({ code: "BadConfig" });
    expect(await run(start, { id: 0, shards: 1, share: 2 })).to.include({ code: "BadConfig" });
    expect(await run(start, { id: 0, shards: 64, share: 0 })).to.include({ code: "BadConfig" });
    await run(register, { id: 0 });
    await mkdir(join(network.data, "miner-0"), { recursive: true });
    const lock = await takeLock(join(network.data, "miner-0", "lock"));
    expect(await run(start, { id: 0, shards: 0, share: 0 })).to.include({ code: "DataFolderLocked" });
    if (lock.taken) await lock.release();
  });
});
