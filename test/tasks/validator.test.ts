import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { newSecretKey } from "../../adapters/bls.ts";
import { enrol } from "../../devnet/enrol.ts";
import { partyKeys } from "../../devnet/keys.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { missingOf } from "../../devnet/registration.ts";
import type { Hex } from "../../protocol/hex.ts";
import { withValidatorPlace } from "../../tasks/lib/place.ts";
import { openStorage, type StorageClient } from "../../tasks/lib/storage.ts";
import { etherOf } from "../../tasks/lib/validatorTask.ts";
import register from "../../tasks/validator/register.ts";
import status from "../../tasks/validator/status.ts";
import withdraw from "../../tasks/validator/withdraw.ts";
import { startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { refusal } from "../protocol/refusal.ts";
import { runJson } from "./run.ts";

const SOMEBODY: Hex = `0x${"5b".repeat(20)}`;
const ETHER = 10n ** 18n;
const PUBLIC = "https://validator.example/da";

/** The `validator` tasks as Hardhat calls them, against a real chain; sampling itself is tested end to end. */
describe("the validator tasks", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let storage: StorageClient;
  before(async () => {
    network = await startTestNetwork({ storageNodes: 1, validators: 0, embed: [], interval: 0 });
    storage = await openStorage(network.network);
  });
  after(async () => {
    await storage?.close();
    await network?.stop();
  });

  const run = <T extends object>(task: (given: T) => Promise<void>, given: Omit<T, "data" | "json" | "rotate">) =>
    runJson(task, { rotate: false, ...given, data: network.data } as unknown as Omit<T, "json">);
  const read = (name: string, ...args: unknown[]) => storage.chain.signers.getFunction(name)(...args);
  const mine = (blocks: number) => network.devChain?.mine(blocks);
  const request = (method: string, ...params: unknown[]) => network.devChain?.request(method, params);
  const epochs = async (count: number) => mine(count * Number(await read("epochBlocks")));
  const keysOf = (id: number) => partyKeys(network.data, `validator-${id}`);

  /** An audit takes batches and silence; what DASigners does with its result is the same when DASampling itself asks for it. */
  async function slash(slot: unknown): Promise<void> {
    const { addresses, signers } = storage.chain;
    const epoch = await read("currentEpoch");
    const hint = await read("findSlot", slot, epoch);
    await request("hardhat_impersonateAccount", addresses.DASampling);
    await request("hardhat_setBalance", addresses.DASampling, "0xde0b6b3a7640000");
    const data = signers.interface.encodeFunctionData("slash", [slot, epoch, hint, SOMEBODY]);
    await request("eth_sendTransaction", { from: addresses.DASampling, to: addresses.DASigners, data });
  }

  it("make keys and take a slot once, whoever asks how often", async () => {
    const first = await run(register, { id: 0 });
    expect(first).to.include({ validator: "validator-0", slot: 0, stake: String(ETHER) });
    expect(first.sent).to.deep.equal(["register"]);
    expect((await read("signer", 0)).account.toLowerCase()).to.equal(first.account);
    const nonce = await storage.chain.nonce(String(first.account), "latest");

    expect(await run(register, { id: 0 })).to.deep.include({ ...first, sent: [], warned: "" });
    expect(await storage.chain.nonce(String(first.account), "latest")).to.equal(nonce);
    const second = await run(register, { id: 1, stake: "3.5" });
    expect(second).to.include({ slot: 1, stake: String((ETHER * 7n) / 2n) });
    expect(second.account).not.to.equal(first.account);
    expect(second.socket).not.to.equal(first.socket);
  });

  it("make right what differs, and take nothing back that somebody chose", async () => {
    await run(register, { id: 0 });
    expect(await run(register, { id: 0, stake: "2", socket: PUBLIC })).to.deep.include({
      ...{ sent: ["updateSocket", "deposit"], stake: String(2n * ETHER), socket: PUBLIC },
    });
    // Neither a smaller stake nor the folder's own socket is what somebody asked for.
    expect(await run(register, { id: 0, stake: "1" })).to.deep.include({ sent: [], socket: PUBLIC });
    const local = { keys: await keysOf(0), socket: "http://127.0.0.1:1" };
    expect(await missingOf(storage.chain, local)).to.deep.equal([]);

    const path = join(network.data, "keys", "validator-0.json");
    const keys = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...keys, bls: newSecretKey() }));
    const rotate = () => runJson(register, { id: 0, rotate: true, data: network.data });
    const other = await run(register, { id: 0 });
    expect(other).to.have.nested.include({ code: "BadConfig", "fields.slot": 0 });
    expect(await rotate()).to.deep.include({ sent: ["rotateKey"], slot: 0 });
    expect(await rotate()).to.deep.include({ sent: [] });
    expect(await run(register, { id: 0 })).to.deep.include({ sent: [] });
  });

  it("say from when on it counts, and with how much", async () => {
    const { account } = await run(register, { id: 2 });
    const fresh = await run(status, { id: 2 });
    expect(fresh).to.include({ account, slot: 2, counts: false, worker: null, credit: "0", jailedUntil: null });
    expect(fresh.fromEpoch).to.equal(Number(fresh.epoch) + 2);
    await epochs(2);
    const now = await run(status, { id: 2 });
    expect(now).to.include({ counts: true, fromEpoch: null, stake: String(ETHER) });
    expect(now.totalStake).to.equal(String((2n * ETHER + (ETHER * 7n) / 2n + ETHER).valueOf()));
    expect(now.signatures).to.deep.equal({ signed: 0, absent: 0 });
    expect(await run(status, { id: 9 })).to.include({ code: "UnknownId" });
  });

  it("renew a lease of which half is over, and not before", async () => {
    const { leaseEnd } = await run(register, { id: 2 });
    const lease = Number(await read("leaseEpochs"));
    await epochs(Number(leaseEnd) - lease / 2 - Number(await read("currentEpoch")));
    expect(Number(await read("currentEpoch"))).to.equal(Number(leaseEnd) - lease / 2);
    expect(await run(register, { id: 2 })).to.deep.include({ sent: [], leaseEnd });
    await epochs(1);
    const renewed = await run(register, { id: 2 });
    expect(renewed.sent).to.deep.equal(["renew"]);
    expect(Number(renewed.leaseEnd)).to.equal(Number(await read("currentEpoch")) + lease);
  });

  it("take stake out in two steps, and send it once it is released", async () => {
    await run(register, { id: 1, stake: "3.5" });
    expect(await run(withdraw, { id: 9 })).to.include({ code: "UnknownId" });
    expect(await run(withdraw, { id: 1 })).to.include({ requested: "0", released: "0", earned: "0" });
    expect(await run(withdraw, { id: 1, stake: "4" })).to.have.nested.include({
      code: "ChainReverted",
      "fields.error": "StakeTooHigh",
    });
    expect(await run(withdraw, { id: 1, stake: "3" })).to.have.nested.include({
      code: "ChainReverted",
      "fields.error": "StakeTooLow",
    });
    expect(await run(withdraw, { id: 1, stake: "0" })).to.include({ code: "BadConfig" });

    const part = await run(withdraw, { id: 1, stake: "1.5" });
    expect(part).to.include({ requested: String((ETHER * 3n) / 2n), staked: String(2n * ETHER), released: "0" });
    const all = await run(withdraw, { id: 1, stake: "all" });
    expect(all).to.include({ requested: String(2n * ETHER), staked: "0", unbonding: String((ETHER * 7n) / 2n) });
    expect(await run(withdraw, { id: 1, stake: "all" })).to.include({ code: "UnknownId" });
    expect(await run(status, { id: 1 })).to.include({ slot: null, counts: true, unbonding: all.unbonding });

    await mine(Number(all.releaseBlock) - (await storage.chain.head()));
    const paid = await run(withdraw, { id: 1, to: SOMEBODY });
    expect(paid).to.include({ released: String((ETHER * 7n) / 2n), unbonding: "0", releaseBlock: null });
    expect(await storage.chain.provider.getBalance(SOMEBODY)).to.equal((ETHER * 7n) / 2n);
    expect(await run(withdraw, { id: 1, to: SOMEBODY })).to.include({ released: "0" });
    // And it may come back.
    expect(await run(register, { id: 1 })).to.deep.include({ sent: ["register"], slot: 1 });
  });

  it("name the jail to who was slashed, and let it in again afterwards", async () => {
    const { slot } = await run(register, { id: 2 });
    await slash(slot);
    const jailed = await run(status, { id: 2 });
    expect(jailed).to.include({ slot: null, lost: String(ETHER / 10n), unbonding: String((ETHER * 9n) / 10n) });
    expect(await run(register, { id: 2 })).to.have.nested.include({
      code: "Jailed",
      "fields.until": jailed.jailedUntil,
    });
    // A network with such a validator starts all the same, and the others are registered.
    const candidates = await Promise.all(
      [2, 3].map(async (id) => ({ keys: await keysOf(id), socket: `http://127.0.0.1:${id}` })),
    );
    const funder = Wallet.fromPhrase(DEVNET_MNEMONIC).privateKey as Hex;
    const options = { chain: storage.chain, funder, workers: [], validators: candidates, allowance: ETHER };
    const { added, jailed: named } = await enrol(options);
    expect(added).to.equal(1);
    expect(named.map(({ code }) => code)).to.deep.equal(["Jailed"]);

    await mine(Number(jailed.jailedUntil) - (await storage.chain.head()));
    expect(await run(register, { id: 2 })).to.deep.include({ sent: ["register"] });
  });

  it("refuse what makes no sense, by name", async () => {
    expect(await run(register, { id: -1 })).to.include({ code: "BadConfig" });
    expect(await run(register, { id: 200 })).to.include({ code: "BadConfig" });
    for (const stake of ["", "-1", "1e3", "0x1", "1.0000000000000000001", "79228162514.264337593543950336"]) {
      expect(await run(register, { id: 5, stake }), stake).to.have.nested.include({ "fields.field": "--stake" });
    }
    for (const socket of ["here", "ftp://a.example", "http://me:secret@a.example", "javascript:1"]) {
      expect(await run(register, { id: 5, socket }), socket).to.have.nested.include({ "fields.field": "--socket" });
    }
    expect(await run(withdraw, { id: 0, to: "0x12" })).to.include({ code: "MalformedHex" });
    expect(refusal(() => etherOf("--stake", "1,5"))).to.equal("BadConfig");
    expect(etherOf("--stake", "0.000000000000000001")).to.equal(1n);
  });

  it("give those that were added from here a place to run at, and nobody else", async () => {
    const place = (id: number) => withValidatorPlace(network.network, network.data, id);
    expect((await place(1)).validators).to.have.length(2);
    expect((await place(1)).validators[1]).to.equal((await run(register, { id: 1 })).socket);
    expect(await place(150)).to.equal(network.network);
    // Its worker listens here, also if it is asked somewhere else; and registering again does not move it.
    await run(register, { id: 3 });
    expect(await run(register, { id: 4, socket: PUBLIC })).to.include({ socket: PUBLIC });
    const [, , , own = "", other = ""] = (await place(4)).validators;
    expect(new Set([own, other]).size).to.equal(2);
    const server = createServer().listen(Number(new URL(own).port), "127.0.0.1");
    await once(server, "listening");
    expect(await run(register, { id: 3 })).to.deep.include({ sent: [], socket: own });
    server.close();
  });
});
