import { expect } from "chai";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";

describe("the life of a blob", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork();
  });
  after(() => network?.stop());

  it("goes from the disperser to every storage node, past every validator, and back", async () => {
    const payload = randomPayload(300_000);
    const id = await network.post(payload);
    const view = await network.until(id, ({ status }) => status === "FINALIZED");

    expect(view.acks.map(({ url }) => url)).to.have.members(network.network.storageNodes);
    expect(view.signatures.map(({ socket }) => socket)).to.have.members(network.network.validators);
    expect(view.refusals).to.deep.equal([]);
    expect(Buffer.from(await network.read(view.blobKey as string))).to.deep.equal(Buffer.from(payload));
  });
});
