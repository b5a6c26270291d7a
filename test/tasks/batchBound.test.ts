import { expect } from "chai";
import { type BatchBound, boundLines, boundOf } from "../../tasks/lib/batchBound.ts";
import { certificateRows } from "../../tasks/lib/statusRows.ts";
import { openStorage, type StorageClient } from "../../tasks/lib/storage.ts";
import sample from "../../tasks/sample.ts";
import status from "../../tasks/status.ts";
import validatorStatus from "../../tasks/validator/status.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import { runJson } from "./run.ts";
import { id } from "./views.ts";

const FOUR: BatchBound = {
  ...{ validators: 4, samples: 52, stake: String(4n * 10n ** 18n), dishonest: "less than 1/3" },
  ...{ fixed: -161.9, loss: -41 },
};

describe("what a certificate proves, as tasks say it", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let storage: StorageClient;
  before(async () => {
    network = await startTestNetwork({ storageNodes: 1 });
    storage = await openStorage(network.network);
  });
  after(async () => {
    await storage?.close();
    await network?.stop();
  });

  it("follows from the validators of the batch's own epoch, whoever came later", async () => {
    const { data } = network;
    const requestId = await network.post(randomPayload(1_000));
    const { batchId } = await network.until(requestId, (view) => view.status === "FINALIZED");
    expect(await boundOf(storage.chain, batchId as `0x${string}`)).to.deep.equal(FOUR);
    expect((await runJson(status, { id: requestId, follow: false, data })).certificate).to.deep.equal(FOUR);
    const sampled = await runJson(sample, { id: String(batchId), samples: 8, data });
    expect(sampled).to.deep.include({ certificate: FOUR, batchId, verified: 8 });
    // Each of them signed, or the confirmation says that it did not.
    const all = [];
    for (const one of [0, 1, 2, 3]) all.push(await runJson(validatorStatus, { id: one, data }));
    const signed = all.map(({ signatures }) => (signatures as { signed: number }).signed);
    expect(signed.reduce((sum, one) => sum + one)).to.be.within(3, 4);
    expect(all.every(({ counts, worker }) => counts === true && worker !== null)).to.equal(true);

    const epochBlocks = Number(await storage.chain.signers.getFunction("epochBlocks")());
    const deposit = await storage.chain.signers
      .connect(await storage.chain.provider.getSigner(0))
      .getFunction("deposit")(all[0]?.account, { value: 10n ** 19n });
    await deposit.wait();
    await network.devChain?.mine(2 * epochBlocks);
    expect(await boundOf(storage.chain, batchId as `0x${string}`)).to.deep.equal(FOUR);
    expect(await runJson(validatorStatus, { id: 0, data })).to.include({
      stake: String(11n * 10n ** 18n),
      totalStake: String(14n * 10n ** 18n),
    });
  });

  it("is unknown of a batch that the chain does not have", async () => {
    expect(await boundOf(storage.chain, id("77"))).to.equal(null);
    expect(certificateRows(null)).to.deep.equal([]);
  });

  it("reads as a sentence, also where it is no bound", () => {
    const [takes, proves] = boundLines(FOUR);
    expect(takes).to.contain("more than 2/3").and.to.contain("4 validators").and.to.contain("52 columns");
    expect(proves).to.contain("2^-161.9").and.to.contain("2^-41 from");
    expect(boundLines({ ...FOUR, validators: 1, loss: 0 })[1]).to.contain("no bound");
    expect(certificateRows(FOUR).map(([name]) => name)).to.deep.equal(["certificate", "proves"]);
  });
});
