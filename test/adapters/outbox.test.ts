import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { silentLog } from "../../adapters/log.ts";
import { type Intent, type Outbox, openOutbox, type SlotView } from "../../adapters/outbox.ts";
import { LOSS_STEPS, REFUSAL_STEPS, STUCK_BLOCKS } from "../../adapters/outbox-decide.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type BareChain, REFUSES, startBareChain } from "../fakes/bareChain.ts";
import { memoryBucket } from "../fakes/memoryBucket.ts";
import { tempDir } from "../fakes/temp.ts";

const FINALITY = 3;

describe("outbox", () => {
  let bare: BareChain;
  before(async function () {
    this.timeout(30_000);
    bare = await startBareChain(FINALITY);
  });
  after(() => bare.stop());

  const payTo = (to: Hex, id: string, value = 7n): Intent => ({
    id,
    kind: "pay",
    to,
    data: "0x",
    value: String(value),
  });
  const open = (wallet: Wallet, bucket = memoryBucket()): Promise<Outbox> =>
    openOutbox({ bucket, chain: bare.chain, wallet, log: silentLog });
  const view = async (outbox: Outbox, nonce: number): Promise<SlotView> => {
    const slot = await outbox.slot(nonce);
    if (slot === null) throw new Error(`no slot ${nonce}`);
    return slot;
  };
  const finalise = async (outbox: Outbox): Promise<void> => {
    await outbox.step();
    await bare.anvil.mine(FINALITY + 1);
    await outbox.step();
  };

  it("carries an intent from plan to final, writing before sending", async () => {
    const bucket = memoryBucket();
    const outbox = await open(await bare.newWallet(), bucket);
    const to = bare.newAddress();
    const { nonce } = await outbox.enqueue(payTo(to, "a"));
    expect(nonce).to.equal(0);
    expect((await view(outbox, 0)).state).to.equal("planned");

    // Whatever is sent must have been written down: a bucket that refuses stops the sending.
    bucket.failOn = (operation, key) =>
      operation === "put" && key.includes("/tx-") ? new Error("disk full") : undefined;
    expect(await outbox.step().catch((error: Error) => error.message)).to.equal("disk full");
    await bare.anvil.mine();
    expect(await bare.balance(to)).to.equal(0n);
    bucket.failOn = undefined;

    const [sent] = await outbox.step();
    expect(sent?.state).to.equal("sent");
    await bare.anvil.mine();
    const [mined] = await outbox.step();
    expect(mined).to.deep.include({ state: "mined" });
    expect(mined?.outcome?.result).to.equal("success");
    await bare.anvil.mine(FINALITY);
    const [final] = await outbox.step();
    expect(final?.state).to.equal("final");
    expect(final?.outcome?.hash).to.equal(sent?.txs[0]?.hash);
    expect(await bare.balance(to)).to.equal(7n);
    expect(await outbox.step()).to.deep.equal([]);
  });

  it("keeps one slot per intent while it stands, and gives a failed one a new slot", async () => {
    const outbox = await open(await bare.newWallet());
    const to = bare.newAddress();
    const first = await outbox.enqueue(payTo(to, "same"));
    expect(await outbox.enqueue(payTo(to, "same"))).to.deep.equal(first);
    await finalise(outbox);
    expect(await outbox.enqueue(payTo(to, "same"))).to.deep.equal(first);
    expect(await bare.balance(to)).to.equal(7n);
  });

  it("refuses a slot that is taken", async () => {
    const outbox = await open(await bare.newWallet());
    const nonce = await outbox.next();
    expect(await outbox.plan(nonce, payTo(bare.newAddress(), "one"))).to.equal("stored");
    expect(await outbox.plan(nonce, payTo(bare.newAddress(), "two"))).to.equal("exists");
    expect((await view(outbox, nonce)).intent.id).to.equal("one");
    expect(await outbox.next()).to.equal(nonce + 1);
  });

  it("sends a whole queue in order", async () => {
    const outbox = await open(await bare.newWallet());
    const to = bare.newAddress();
    for (let i = 0; i < 8; i += 1) await outbox.enqueue(payTo(to, `n${i}`));
    await finalise(outbox);
    expect(await bare.balance(to)).to.equal(56n);
    const states: string[] = [];
    for await (const slot of outbox.slots()) states.push(`${slot.nonce} ${slot.state}`);
    expect(states).to.deep.equal(Array.from({ length: 8 }, (_, i) => `${i} final`));
  });

  it("lets two processes with one key do each intent once", async () => {
    const wallet = await bare.newWallet();
    const bucket = memoryBucket();
    const both = [await open(wallet, bucket), await open(wallet, bucket)] as const;
    const to = bare.newAddress();
    const ids = Array.from({ length: 6 }, (_, i) => `shared${i}`);
    await Promise.all(both.flatMap((outbox) => ids.map((id) => outbox.enqueue(payTo(to, id)))));
    await Promise.all(both.map((outbox) => outbox.step()));
    await bare.anvil.mine();
    await Promise.all(both.map((outbox) => outbox.step()));
    await bare.anvil.mine(FINALITY);
    await Promise.all(both.map((outbox) => outbox.step()));
    const results: string[] = [];
    for await (const slot of both[0].slots()) results.push(`${slot.intent.id} ${slot.outcome?.result}`);
    expect(results.sort()).to.deep.equal(ids.map((id) => `${id} success`));
    expect(await bare.balance(to)).to.equal(42n);
  });

  it("tells each of two processes with one key how every slot ended, whoever saw it", async () => {
    const wallet = await bare.newWallet();
    const bucket = memoryBucket();
    const [worker, task] = [await open(wallet, bucket), await open(wallet, bucket)];
    const told: string[] = [];
    const step = async (): Promise<void> => {
      for (const { intent, state } of await worker.step()) told.push(`${intent.id} ${state}`);
    };
    await worker.enqueue(payTo(bare.newAddress(), "seen"));
    await step();
    // Planned here, and over before this process looks again.
    await worker.enqueue(payTo(bare.newAddress(), "unseen"));
    for (let i = 0; i < 2; i += 1) await finalise(task);
    // What plans looks into the bucket as well, and must not swallow what it finds there.
    await worker.next();
    await step();
    expect(told).to.deep.equal(["seen sent", "seen final", "unseen final"]);
    await step();
    expect(told).to.have.length(3);
    expect(await (await open(wallet, bucket)).step()).to.deep.equal([]);
  });

  it("tells what changed before it tells what went wrong", async () => {
    const bucket = memoryBucket();
    const outbox = await open(await bare.newWallet(), bucket);
    await outbox.enqueue(payTo(bare.newAddress(), "fine"));
    await outbox.enqueue(payTo(bare.newAddress(), "broken"));
    const isBroken = (operation: string, key: string) => operation === "put" && key.endsWith("1/tx-0.json");
    bucket.failOn = (operation, key) => (isBroken(operation, key) ? new Error("disk full") : undefined);
    expect((await outbox.step()).map(({ intent, state }) => `${intent.id} ${state}`)).to.deep.equal(["fine sent"]);
    expect(await outbox.step().catch((error: Error) => error.message)).to.equal("disk full");
    bucket.failOn = undefined;
    expect((await outbox.step()).map(({ intent, state }) => `${intent.id} ${state}`)).to.deep.equal(["broken sent"]);
  });

  it("sends the same bytes again after a reorg took them back (A46)", async () => {
    const outbox = await open(await bare.newWallet());
    const to = bare.newAddress();
    await outbox.enqueue(payTo(to, "reorged"));
    await outbox.step();
    await bare.anvil.mine();
    await outbox.step();
    const before = await view(outbox, 0);
    expect(before.state).to.equal("mined");
    await bare.anvil.reorg(1);
    await bare.anvil.rpc.call("anvil_dropAllTransactions", []);
    expect(await bare.balance(to)).to.equal(0n);
    await outbox.step();
    await bare.anvil.mine(FINALITY + 1);
    await outbox.step();
    const after = await view(outbox, 0);
    expect(after.state).to.equal("final");
    expect(after.txs).to.deep.equal(before.txs);
    expect(await bare.balance(to)).to.equal(7n);
  });

  it("says that a slot is lost when another transaction was mined at its nonce, finally", async () => {
    const wallet = await bare.newWallet();
    const outbox = await open(wallet);
    const to = bare.newAddress();
    await outbox.enqueue(payTo(to, "loser"));
    await bare.anvil.rpc.call("eth_sendRawTransaction", [await foreign(wallet, 0)]);
    await bare.anvil.mine();
    await outbox.step();
    expect((await view(outbox, 0)).state).to.equal("planned");
    await bare.anvil.mine(FINALITY);
    for (let i = 0; i <= LOSS_STEPS; i += 1) await outbox.step();
    expect((await view(outbox, 0)).outcome).to.deep.include({ result: "lost", code: "NonceTaken" });
    expect(await outbox.enqueue(payTo(to, "loser"))).to.deep.equal({ nonce: 1 });
    await finalise(outbox);
    expect(await bare.balance(to)).to.equal(7n);
  });

  const foreign = (wallet: Wallet, nonce: number): Promise<string> =>
    wallet.signTransaction({
      type: 2,
      chainId: bare.anvil.chainId,
      nonce,
      to: wallet.address,
      gasLimit: 21_000,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 9n,
    });

  it("fills the slot of a plan that the chain refuses, and names the contract's error", async () => {
    const outbox = await open(await bare.newWallet());
    const to = bare.newAddress();
    await outbox.enqueue(payTo(REFUSES, "refused"));
    await outbox.enqueue(payTo(to, "behind"));
    for (let i = 0; i <= REFUSAL_STEPS; i += 1) await outbox.step();
    await finalise(outbox);
    await finalise(outbox);
    expect((await view(outbox, 0)).outcome).to.include({ result: "dropped", code: "NothingToWithdraw" });
    expect((await view(outbox, 1)).outcome?.result).to.equal("success");
    expect(await bare.balance(to)).to.equal(7n);
  });

  it("replaces a transaction that is stuck, and knows whichever is mined", async () => {
    const outbox = await open(await bare.newWallet());
    const to = bare.newAddress();
    await outbox.enqueue(payTo(to, "stuck"));
    await outbox.step();
    // The base fee runs away right after it was priced.
    for (let i = 0; i < STUCK_BLOCKS; i += 1) {
      await bare.anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", [`0x${(10n ** 11n).toString(16)}`]);
      await bare.anvil.mine();
    }
    expect(await bare.balance(to)).to.equal(0n);
    await outbox.step();
    const { txs } = await view(outbox, 0);
    expect(txs).to.have.length(2);
    expect(BigInt(txs[1]?.maxFee ?? 0)).to.be.gte(2n * 10n ** 11n);
    await finalise(outbox);
    const { outcome } = await view(outbox, 0);
    expect(outcome).to.include({ result: "success", hash: txs[1]?.hash });
    expect(await bare.balance(to)).to.equal(7n);
  });

  it("begins above the nonces that were used before it", async () => {
    const wallet = await bare.newWallet();
    await bare.anvil.rpc.call("eth_sendRawTransaction", [await foreign(wallet, 0)]);
    await bare.anvil.mine();
    const outbox = await open(wallet);
    expect(await outbox.enqueue(payTo(bare.newAddress(), "later"))).to.deep.equal({ nonce: 1 });
  });

  describe("killed at a named point, goes on with the same effect once (A43)", () => {
    for (const point of ["slot-planned", "tx-signed", "outbox-written", "tx-sent", "receipt-seen"]) {
      it(point, async () => {
        const dir = tempDir("outbox");
        const wallet = await bare.newWallet();
        const to = bare.newAddress();
        const life = JSON.stringify({
          bucket: pathToFileURL(dir.path).href,
          rpc: bare.anvil.url,
          chainId: bare.anvil.chainId,
          key: wallet.privateKey,
          intent: payTo(to, "once"),
          finality: FINALITY,
        });
        expect(await live(life, point)).to.equal("SIGKILL");
        await bare.anvil.mine();
        expect(await live(life)).to.equal(0);
        expect(await bare.balance(to)).to.equal(7n);
        dir.remove();
      }).timeout(30_000);
    }
  });
});

const CHILD = fileURLToPath(new URL("../fakes/outboxChild.ts", import.meta.url));

/** Runs a child to its end: its exit code, or the signal that ended it. */
const live = async (life: string, crashpoint?: string): Promise<number | string> => {
  const env = { ...process.env, ...(crashpoint === undefined ? {} : { CRASHPOINT: crashpoint }) };
  const child = spawn(process.execPath, [CHILD, life], {
    env,
    stdio: ["ignore", "inherit", crashpoint ? "ignore" : "inherit"],
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return signal ?? code ?? -1;
};
