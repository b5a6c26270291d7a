import { expect } from "chai";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

const VALIDATORS = 40;

/** The threads of the KZG pool are shared by all: two cores sample for forty. */
describe("forty validators on one machine", function () {
  this.timeout(600_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork({ validators: VALIDATORS });
  });
  after(() => network?.stop());

  it("each sample a batch of 1 MiB on their own, and most of them sign in time", async () => {
    const payload = randomPayload(2 ** 20);
    const id = await network.post(payload);
    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(view.signatures.length).to.be.greaterThan((2 * VALIDATORS) / 3);
    expect(new Set(view.signatures.map(({ slot }) => slot)).size).to.equal(view.signatures.length);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
  });
});
