import { expect } from "chai";
import { silentLog } from "../../adapters/log.ts";
import type { Intent } from "../../adapters/outbox.ts";
import type { Hex } from "../../protocol/hex.ts";
import { perform } from "../../tasks/lib/perform.ts";
import { openWallet } from "../../workers/wallet.ts";
import { type BareChain, REFUSES, startBareChain } from "../fakes/bareChain.ts";
import { tempDir } from "../fakes/temp.ts";
import { until } from "../fakes/wait.ts";

const FINALITY = 3;

describe("a party's wallet", () => {
  let bare: BareChain;
  const dir = tempDir("wallet");
  before(async function () {
    this.timeout(30_000);
    bare = await startBareChain(FINALITY);
  });
  after(async () => {
    await bare.stop();
    dir.remove();
  });
  let folders = 0;
  const openAt = (folder: string, key: Hex, moved: string[] = []) =>
    openWallet({
      ...{ dir: folder, key, chain: bare.chain, log: silentLog, pollMs: 10, idleMs: 20 },
      onMoved: ({ intent, state }) => moved.push(`${intent.id} ${state}`),
    });
  const newFolder = (): string => {
    folders += 1;
    return `${dir.path}/${folders}`;
  };
  const pay = (to: Hex, id: string): Intent => ({ id, kind: "pay", to, data: "0x", value: "7" });

  it("sends what is planned, and says when it is in a block and when that is final", async () => {
    const moved: string[] = [];
    const { privateKey } = await bare.newWallet();
    const wallet = await openAt(newFolder(), privateKey as Hex, moved);
    const to = bare.newAddress();
    const { nonce } = await wallet.plan(pay(to, "a"));
    expect(await wallet.plan(pay(to, "a"))).to.deep.equal({ nonce });
    expect(wallet.open()).to.equal(1);
    await bare.anvil.mine();
    await until("it is in a block", async () => {
      await bare.anvil.mine();
      return (await bare.balance(to)) === 7n;
    });
    await bare.anvil.mine(FINALITY + 1);
    await until("it is final", () => wallet.open() === 0);
    expect(moved.at(-1)).to.equal("a final");
    expect((await wallet.slot(nonce))?.outcome?.result).to.equal("success");
    await wallet.stop();
  });

  it("sends after a restart what it had planned, once", async () => {
    const { privateKey, address } = await bare.newWallet();
    const [folder, to] = [newFolder(), bare.newAddress()];
    const first = await openAt(folder, privateKey as Hex);
    for (const id of ["a", "b", "c"]) await first.plan(pay(to, id));
    await first.stop();
    const again = await openAt(folder, privateKey as Hex);
    for (const id of ["c", "b", "a"]) await again.plan(pay(to, id));
    await until("all are final", async () => {
      await bare.anvil.mine();
      return again.open() === 0;
    });
    expect(await bare.balance(to)).to.equal(21n);
    expect(await bare.chain.nonce(address, "latest")).to.equal(3);
    await again.stop();
  });

  it("goes on after what the chain refuses, and says so", async () => {
    const moved: string[] = [];
    const { privateKey } = await bare.newWallet();
    const wallet = await openAt(newFolder(), privateKey as Hex, moved);
    const to = bare.newAddress();
    const refused = await wallet.plan({ ...pay(REFUSES, "refused"), value: "0" });
    await wallet.plan(pay(to, "after"));
    await until("both are final", async () => {
      await bare.anvil.mine();
      return wallet.open() === 0;
    });
    const outcome = (await wallet.slot(refused.nonce))?.outcome;
    expect([outcome?.result, outcome?.code]).to.deep.equal(["dropped", "NothingToWithdraw"]);
    expect(await bare.balance(to)).to.equal(7n);
    await wallet.stop();
  });

  it("has nothing open when all is final, also when what is final is planned again, and says so then", async () => {
    const moved: string[] = [];
    const { privateKey } = await bare.newWallet();
    const wallet = await openAt(newFolder(), privateKey as Hex, moved);
    const intent = pay(bare.newAddress(), "again");
    const { nonce } = await wallet.plan(intent);
    expect([wallet.isWaiting("pay"), wallet.isWaiting("other")]).to.deep.equal([true, false]);
    await until("it is final", async () => {
      await bare.anvil.mine();
      return wallet.open() === 0;
    });
    moved.length = 0;
    expect(await wallet.plan(intent)).to.deep.equal({ nonce });
    expect([wallet.open(), wallet.isWaiting("pay"), moved]).to.deep.equal([0, false, ["again final"]]);
    await wallet.stop();
  });

  it("knows after a restart what waits for a block, and that it waits no more when it is in one", async () => {
    const { privateKey } = await bare.newWallet();
    const folder = newFolder();
    const first = await openAt(folder, privateKey as Hex);
    await first.plan(pay(bare.newAddress(), "a"));
    await first.stop();
    const again = await openAt(folder, privateKey as Hex);
    expect(again.isWaiting("pay")).to.equal(true);
    await until("it is in a block", async () => {
      await bare.anvil.mine();
      return !again.isWaiting("pay");
    });
    await again.stop();
  });

  it("lets a task beside a worker hear of every end, whoever writes it down", async () => {
    const { privateKey } = await bare.newWallet();
    const data = newFolder();
    const worker = await openWallet({
      ...{ dir: `${data}/party`, key: privateKey as Hex, chain: bare.chain, log: silentLog, pollMs: 1, idleMs: 1 },
    });
    const signal = new AbortController().signal;
    const common = { data, party: "party", key: privateKey as Hex, chain: bare.chain, log: silentLog, signal };
    for (let i = 0; i < 6; i += 1) {
      let result: string | undefined;
      const performed = perform({ ...common, intent: pay(bare.newAddress(), `${i}`) }).then((outcome) => {
        result = outcome.result;
      });
      // The worker is the faster one: it sees the block, and its finality, first.
      await until("the task knows", async () => {
        await bare.anvil.mine(FINALITY + 1);
        return result !== undefined;
      });
      await performed;
      expect(result).to.equal("success");
    }
    await worker.stop();
  }).timeout(30_000);
});
