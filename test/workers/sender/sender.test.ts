import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { openBucket } from "../../../adapters/bucket.ts";
import { silentLog } from "../../../adapters/log.ts";
import { type Outbox, openOutbox, type SlotView } from "../../../adapters/outbox.ts";
import { openQueues } from "../../../adapters/queue.ts";
import type { Context, Timing } from "../../../workers/context.ts";
import { route } from "../../../workers/route.ts";
import { startSender } from "../../../workers/sender/index.ts";
import { needsPlan, sendOnce } from "../../../workers/sender/process.ts";
import { type BareChain, REFUSES, startBareChain } from "../../fakes/bareChain.ts";
import { startTestRedis, type TestRedis } from "../../fakes/redis.ts";
import { tempDir } from "../../fakes/temp.ts";
import { until } from "../../fakes/wait.ts";

const slot = (state: SlotView["state"], result?: "success" | "reverted" | "lost" | "dropped"): SlotView => ({
  nonce: 0,
  intent: { id: "x", kind: "test", to: REFUSES, data: "0x", value: "0" },
  txs: [],
  state,
  outcome: result === undefined ? undefined : { result },
});

describe("sender", () => {
  it("calls for a new plan only for what has finally failed", async () => {
    expect(needsPlan(slot("mined", "reverted"))).to.equal(false);
    expect(needsPlan(slot("final", "success"))).to.equal(false);
    for (const result of ["reverted", "lost", "dropped"] as const)
      expect(needsPlan(slot("final", result))).to.equal(true);
    expect(needsPlan(slot("sent"))).to.equal(false);

    const changed = [slot("sent"), slot("final", "success"), slot("final", "lost")];
    const [moved, replanned]: SlotView[][] = [[], []];
    const outbox = { step: async () => changed } as unknown as Outbox;
    const replan = async (view: SlotView): Promise<void> => void replanned?.push(view);
    await sendOnce({ outbox, replan, onMoved: (view) => moved?.push(view), log: silentLog });
    expect(moved).to.deep.equal(changed);
    expect(replanned).to.deep.equal(changed.slice(2));
  });

  describe("with a chain, a bucket and Redis", () => {
    const dir = tempDir("sender");
    let bare: BareChain;
    let redis: TestRedis;
    before(async function () {
      this.timeout(60_000);
      bare = await startBareChain(2);
      redis = await startTestRedis();
    });
    after(async () => {
      await bare.stop();
      await redis.stop();
      dir.remove();
    });

    it("sends what a planner in another process wrote, at its job, and wakes it for what is lost", async () => {
      const url = pathToFileURL(dir.path).href;
      const wallet = await bare.newWallet();
      const timing = { pollMs: 60_000 } as Timing;
      const context = { chain: bare.chain, timing, log: silentLog } as Context;
      const party = { name: "disperser", dir: dir.path, redis: redis.url, port: 0 };
      const sender = await startSender(context, { ...party, bucket: url, wallet });

      const bucket = await openBucket(url);
      const planner = await openOutbox({
        bucket,
        chain: bare.chain,
        wallet: wallet.address as `0x${string}`,
        log: silentLog,
      });
      const queues = await openQueues({ redis: redis.url, prefix: "zg:disperser", log: silentLog });
      let woken = 0;
      queues.work(route.batch, async () => {
        woken += 1;
      });

      const to = bare.newAddress();
      await planner.enqueue({ id: "pay", kind: "pay", to, data: "0x", value: "5" });
      await planner.enqueue({ id: "refused", kind: "call", to: REFUSES, data: "0x", value: "0" });
      const isFinal = async (nonce: number, result: string): Promise<boolean> => {
        await queues.add(route.send, {});
        await bare.anvil.mine();
        const view = await planner.slot(nonce);
        return view?.state === "final" && view.outcome?.result === result;
      };
      await until("the payment is final", () => isFinal(0, "success"));
      await until("the refusal is final", () => isFinal(1, "dropped"));
      await until("the planner is woken", () => woken > 0);
      expect(await bare.balance(to)).to.equal(5n);
      await queues.close();
      await sender.stop();
      await bucket.close();
    }).timeout(30_000);
  });
});
