import { expect } from "chai";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

/** 256 rows: the largest blob there is. */
describe("the largest blob", function () {
  this.timeout(300_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork();
  });
  after(() => network?.stop());

  it(`takes and gives back ${MAX_BLOB_BYTES} bytes, and refuses one more`, async () => {
    const payload = randomPayload(MAX_BLOB_BYTES);
    const id = await network.post(payload);
    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(view.rows).to.equal(256);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);

    const refused = await network.post(randomPayload(MAX_BLOB_BYTES + 1)).catch(String);
    expect(refused).to.include("BlobTooLarge");
  });

  it("takes several large blobs at once, in as many batches as they need", async () => {
    const payloads = [20_000_000, 30_000_000, 1, 25_000_000].map(randomPayload);
    const ids = await Promise.all(payloads.map((payload) => network.post(payload)));
    for (const [index, id] of ids.entries()) {
      const view = await network.until(id, ({ status }) => status === "FINALIZED");
      const read = await network.read(view.blobKey as string);
      expect(Buffer.from(read).equals(Buffer.from(payloads[index] as Uint8Array))).to.equal(true);
    }
  });
});
