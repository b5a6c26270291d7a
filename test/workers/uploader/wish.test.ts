import { expect } from "chai";
import { Transaction, type Wallet } from "ethers";
import type { Chain } from "../../../adapters/chain.ts";
import { silentLog } from "../../../adapters/log.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { Peers } from "../../../workers/peers.ts";
import { SCANNED_BLOCKS } from "../../../workers/uploader/find.ts";
import { type IntentFile, intentIdOf, type Mined } from "../../../workers/uploader/intent.ts";
import { openIntents } from "../../../workers/uploader/store.ts";
import { enter, type WishOptions } from "../../../workers/uploader/wish.ts";
import { tempDir } from "../../fakes/temp.ts";
import { FINALITY, type LogChain, randomTags, startLogChain, testIntentFile } from "./logChain.ts";

const nobody: Pick<Peers, "files" | "entry"> = { files: async () => [], entry: async () => undefined };

describe("an upload's entries on the chain", function () {
  this.timeout(60_000);
  let log: LogChain;
  const folders: { remove(): void }[] = [];
  before(async () => {
    log = await startLogChain();
  });
  after(async () => {
    await log.stop();
    for (const folder of folders) folder.remove();
  });

  const newFolder = (): string => {
    const folder = tempDir("intents");
    folders.push(folder);
    return folder.path;
  };
  const run = async (
    wallet: Wallet,
    folder: string,
    files: readonly IntentFile[],
    options: Partial<WishOptions> = {},
  ): Promise<Mined> => {
    const store = await openIntents(folder);
    const signal = new AbortController().signal;
    return enter(
      {
        ...{ chain: log.chain, wallet, peers: nobody, store, tags: "0x" as Hex, fromBlock: 0 },
        ...{ log: silentLog, signal, pollMs: 20, ...options },
      },
      files,
    );
  };
  const sent = (wallet: Wallet): Promise<number> => log.chain.nonce(wallet.address, "latest");
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: ZgError) => error.code,
    );

  it("are paid for once, however often and from whichever folder they are asked for", async () => {
    const wallet = log.newWallet();
    const folder = newFolder();
    const files = [testIntentFile(100, 1), testIntentFile(300_000, 2), testIntentFile(5_000, 3)];
    const first = await run(wallet, folder, files);
    expect(first.entries.map(({ txSeq }) => txSeq)).to.deep.equal([0, 1, 2]);
    expect(new Set(first.entries.map(({ transactionHash }) => transactionHash)).size).to.equal(1);
    expect((await run(wallet, folder, files)).entries).to.deep.equal(first.entries);
    expect((await run(wallet, newFolder(), files)).entries).to.deep.equal(first.entries);
    expect(await sent(wallet)).to.equal(1);
    // Of a part that is there already, only the rest is paid for.
    const more = await run(wallet, folder, [...files, testIntentFile(9, 4)]);
    expect(more.entries.map(({ txSeq }) => txSeq)).to.deep.equal([0, 1, 2, 3]);
    expect(more.txs[0]?.sectors).to.equal(1);
    expect(await sent(wallet)).to.equal(2);
  });

  it("pay the price of the sectors, the surplus comes back", async () => {
    const wallet = log.newWallet();
    const balance = async () => BigInt(String(await log.request("eth_getBalance", [wallet.address, "latest"])));
    const before = await balance();
    const mined = await run(wallet, newFolder(), [testIntentFile(1_000_000, 5)]);
    const receipt = await log.chain.receipt(mined.entries[0]?.transactionHash as Hex);
    const gas = (receipt?.gasUsed ?? 0n) * (receipt?.effectiveGasPrice ?? 0n);
    const price = BigInt(await log.chain.market.pricePerSector());
    expect(before - (await balance()) - gas).to.equal(price * BigInt(mined.txs[0]?.sectors ?? 0));
  });

  it("are another author's, or have other tags, and count as nothing", async () => {
    const files = [testIntentFile(77, 6)];
    const [a, b] = [log.newWallet(), log.newWallet()];
    const folder = newFolder();
    const tags = randomTags();
    const entries = [
      await run(a, folder, files),
      await run(b, folder, files),
      await run(a, folder, files, { tags }),
      await run(a, folder, files, { tags: randomTags() }),
    ].map((mined) => mined.entries[0]?.txSeq);
    expect(new Set(entries).size).to.equal(4);
    expect((await run(a, folder, files, { tags })).entries[0]?.txSeq).to.equal(entries[2]);
  });

  it("are made by one of two runs at once, in one process or in one folder", async () => {
    const wallet = log.newWallet();
    const folder = newFolder();
    const files = [testIntentFile(88, 7)];
    const both = await Promise.all([run(wallet, folder, files), run(wallet, folder, files)]);
    expect(both[0].entries).to.deep.equal(both[1].entries);
    expect(await sent(wallet)).to.equal(1);
    // Different wishes of one account follow each other.
    await Promise.all([8, 9, 10].map((seed) => run(wallet, folder, [testIntentFile(99, seed)])));
    expect(await sent(wallet)).to.equal(4);
  });

  it("are a new wish again when the last one was fulfilled, and not before", async () => {
    const wallet = log.newWallet();
    const folder = newFolder();
    const files = [testIntentFile(50, 11)];
    const first = await run(wallet, folder, files, { again: true });
    expect((await run(wallet, folder, files, { again: true })).entries).to.deep.equal(first.entries);
    const store = await openIntents(folder);
    await store.put({ ...first, state: "done", nodes: [] });
    const second = await run(wallet, folder, files, { again: true });
    expect(second.entries[0]?.txSeq).to.be.greaterThan(first.entries[0]?.txSeq ?? 0);
    expect((await run(wallet, folder, files, { again: true })).entries).to.deep.equal(second.entries);
  });

  describe("whose transaction was signed", () => {
    /** What the network looks like to a run that never gets an answer about what it sends. */
    const deaf = (send: (raw: string) => Promise<Hex>): Chain => ({ ...log.chain, send });
    /** Signs, and is stopped when it would send. */
    const signOnly = async (wallet: Wallet, folder: string, files: readonly IntentFile[]): Promise<string> => {
      const stop = new AbortController();
      let raw = "";
      const send = async (bytes: string): Promise<Hex> => {
        raw = bytes;
        stop.abort(new ZgError("Stopping"));
        return "0x";
      };
      expect(await codeOf(run(wallet, folder, files, { chain: deaf(send), signal: stop.signal }))).to.equal("Stopping");
      return raw;
    };

    it("are made by the very bytes that were written down", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const files = [testIntentFile(60, 12)];
      const raw = await signOnly(wallet, folder, files);
      const mined = await run(wallet, folder, files);
      expect(mined.entries[0]?.transactionHash).to.equal(Transaction.from(raw).hash);
    });

    it("are found when those bytes were sent after all", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const files = [testIntentFile(61, 13)];
      const raw = await signOnly(wallet, folder, files);
      await log.chain.send(raw);
      const mined = await run(wallet, folder, files);
      expect(mined.entries[0]?.transactionHash).to.equal(Transaction.from(raw).hash);
      expect(await sent(wallet)).to.equal(1);
    });

    it("are made anew when another transaction has the nonce for good", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const files = [testIntentFile(62, 14)];
      const raw = await signOnly(wallet, folder, files);
      await run(wallet, newFolder(), [testIntentFile(63, 15)]);
      const waiting = run(wallet, folder, files);
      await log.mine(FINALITY + 1);
      const mined = await waiting;
      expect(mined.entries[0]?.transactionHash).not.to.equal(Transaction.from(raw).hash);
      const { identity } = (await log.entries()).find(({ txSeq }) => txSeq === mined.entries[0]?.txSeq) ?? {};
      expect((await log.entries()).filter((entry) => entry.identity === identity)).to.have.length(1);
    });

    it("and reverted are named, and made anew when the failure is final", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const files = [testIntentFile(64, 16)];
      const store = await openIntents(folder);
      const stop = new AbortController();
      const send = async (): Promise<Hex> => {
        stop.abort(new ZgError("Stopping"));
        return "0x";
      };
      await codeOf(run(wallet, folder, files, { chain: deaf(send), signal: stop.signal }));
      const id = await idOf(wallet, files);
      const record = await store.get(id);
      if (record?.state !== "signed") throw new Error("not signed");
      const { data, to, nonce } = Transaction.from(record.txs[0]?.raw);
      // It pays nothing: the transaction runs, and Flow refuses it.
      const worthless = (await wallet.signTransaction({
        ...{ type: 2, chainId: log.chain.chainId, to, nonce, data, value: 0n, gasLimit: 500_000n },
        ...{ maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n },
      })) as Hex;
      const hash = Transaction.from(worthless).hash as Hex;
      await store.put({ ...record, txs: [{ ...(record.txs[0] as (typeof record.txs)[0]), raw: worthless, hash }] });
      expect(await codeOf(run(wallet, folder, files))).to.equal("ChainReverted");
      await log.mine(FINALITY + 1);
      expect((await run(wallet, folder, files)).entries).to.have.length(1);
      expect(await sent(wallet)).to.equal(2);
    });

    it("are not paid for again by a wish that has more files", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const [both, more] = [testIntentFile(71, 22), testIntentFile(72, 23)];
      const raw = await signOnly(wallet, folder, [both]);
      await log.request("evm_setAutomine", [false]);
      await log.chain.send(raw);
      // Blocks come when the second run has sent what it sends first, whatever that is.
      const send = (bytes: string): Promise<Hex> =>
        log.chain.send(bytes).finally(async () => {
          await log.request("evm_setAutomine", [true]);
          await log.mine(1);
        });
      const mined = await run(wallet, folder, [both, more], { chain: deaf(send) });
      expect(mined.entries[0]?.transactionHash).to.equal(Transaction.from(raw).hash);
      expect(mined.entries[1]?.transactionHash).not.to.equal(Transaction.from(raw).hash);
      expect(mined.txs[0]?.sectors).to.equal(1);
      const of = (await log.entries()).filter(({ sender }) => sender === wallet.address.toLowerCase());
      expect(of).to.have.length(2);
    });

    it("by a wish that shares no file stay what they are", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      await signOnly(wallet, folder, [testIntentFile(73, 24)]);
      await run(wallet, folder, [testIntentFile(74, 25)]);
      expect(await sent(wallet)).to.equal(1);
    });

    it("and taken back by a reorg are sent again, the same bytes", async () => {
      const wallet = log.newWallet();
      const folder = newFolder();
      const files = [testIntentFile(65, 17)];
      const snapshot = await log.request("evm_snapshot", []);
      const first = await run(wallet, folder, files);
      await log.request("evm_revert", [snapshot]);
      expect(await sent(wallet)).to.equal(0);
      const again = await run(wallet, folder, files);
      expect(again.entries[0]?.transactionHash).to.equal(first.entries[0]?.transactionHash);
      expect(await sent(wallet)).to.equal(1);
    });
  });

  it("that the account can not pay for, or tags that are too long, are refused before anything is signed", async () => {
    const poor = log.newWallet();
    await log.request("hardhat_setBalance", [poor.address, "0x1"]);
    expect(await codeOf(run(poor, newFolder(), [testIntentFile(66, 18)]))).to.equal("InsufficientFunds");
    const tags: Hex = `0x${"00".repeat(1_025)}`;
    const error = await run(log.newWallet(), newFolder(), [testIntentFile(67, 19)], { tags }).catch((e: ZgError) => e);
    expect(error).to.deep.include({ code: "ChainReverted" });
    expect((error as ZgError).fields.error).to.equal("TagsTooLong");
  });

  it("are records of their owner's only, and another file in their place is refused", async () => {
    const wallet = log.newWallet();
    const folder = newFolder();
    const files = [testIntentFile(68, 20)];
    await run(wallet, folder, files);
    const id = await idOf(wallet, files);
    const { stat, writeFile } = await import("node:fs/promises");
    expect((await stat(`${folder}/${id}.json`)).mode & 0o777).to.equal(0o600);
    await writeFile(`${folder}/${id}.json`, "{}");
    expect(await codeOf(run(wallet, folder, files))).to.equal("IntentMismatch");
  });

  it("that are too old to be looked for are found where a node says they are, if the chain says so too", async () => {
    const wallet = log.newWallet();
    const files = [testIntentFile(69, 21)];
    const [first] = (await run(wallet, newFolder(), files)).entries;
    await log.mine(SCANNED_BLOCKS + 10);
    const [entry] = (await log.entries()).filter(({ txSeq }) => txSeq === first?.txSeq);
    const claims = (block: number): WishOptions["peers"] =>
      ({
        files: async () => [{ url: "http://a", value: { entries: [entry?.txSeq] } }],
        entry: async () => ({ ...entry, block }),
      }) as unknown as WishOptions["peers"];
    const found = await run(wallet, newFolder(), files, { peers: claims(entry?.block.number ?? 0) });
    expect(found.entries).to.deep.equal([first]);
    expect(await sent(wallet)).to.equal(1);
    // A lie is no entry.
    const made = await run(wallet, newFolder(), files, { peers: claims(1) });
    expect(made.entries[0]?.txSeq).to.be.greaterThan(first?.txSeq ?? 0);
  });

  const idOf = async (wallet: Wallet, files: readonly IntentFile[]): Promise<Hex> => {
    const genesis = (await log.chain.header(0))?.hash as Hex;
    const { chainId, addresses } = log.chain;
    return intentIdOf({ chainId, genesis, flow: addresses.Flow, signer: wallet.address as Hex, tags: "0x", files });
  };
});
