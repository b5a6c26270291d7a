import { expect } from "chai";
import { logUse } from "../../tasks/lib/logUse.ts";
import { checkView, expectedOf, receiptOf, transactionsOf } from "../../tasks/lib/receipt.ts";
import { summaryOf } from "../../tasks/lib/summary.ts";
import { finalizedView, id } from "./views.ts";

const payload = new Uint8Array(5_000).fill(9);
const expected = expectedOf(payload, id("00", 20), id("00"), { dataRoot: id("03"), commitment: id("04", 48), rows: 1 });
const mine = { requestId: expected.requestId, blobKey: expected.blobKey };

describe("a receipt", () => {
  it("of the sender's own file is taken, also while fields are still missing", () => {
    checkView(finalizedView(mine), expected);
    checkView(finalizedView({ ...mine, blobKey: undefined, dataRoot: undefined, commitment: undefined }), expected);
  });

  for (const [field, value] of Object.entries({
    requestId: id("99"),
    blobKey: id("99"),
    dataRoot: id("99"),
    commitment: id("99", 48),
    length: 4_999,
    rows: 2,
    account: id("99", 20),
    salt: id("99"),
  })) {
    it(`of another ${field} is refused`, () => {
      expect(() => checkView(finalizedView({ ...mine, [field]: value }), expected))
        .to.throw("ReceiptMismatch")
        .with.deep.nested.property("fields.field", field);
    });
  }

  it("lists the transactions of the batch that counts, not of an earlier attempt", () => {
    const view = finalizedView();
    view.events.unshift({ stage: "submitted", time: 1_500, batchId: id("0b"), tx: id("bb"), block: 1_200 });
    expect(transactionsOf(view).map(({ kind, hash }) => [kind, hash])).to.deep.equal([
      ["submit", id("aa")],
      ["confirm", id("cc")],
    ]);
  });

  it("has what a program needs on one line", () => {
    const receipt = receiptOf({ view: finalizedView(mine), expected, file: "f", chainId: 1, entrance: id("da", 20) });
    expect(receipt).to.include.all.keys(
      "requestId",
      "blobKey",
      "batchId",
      "blobIndex",
      "status",
      "dataRoot",
      "commitment",
      "transactions",
    );
    expect(JSON.parse(JSON.stringify(receipt))).to.deep.equal(receipt);
  });

  it("becomes a table with rows, log use, samples, stake, gas and speed", () => {
    const retrieved = { bytes: 5_000, ms: 10, sources: [] };
    const receipt = receiptOf({
      view: finalizedView(mine),
      expected,
      file: "f",
      chainId: 1,
      entrance: id("da", 20),
      retrieved,
    });
    const rows = summaryOf({
      receipt,
      batchRows: 15,
      growth: { before: 16_384, after: 32_768 },
      validators: 4,
      samples: 52,
      disperseMs: 8_000,
      path: "/r.json",
    });
    const table = Object.fromEntries(rows);
    expect(table["log use"]).to.equal("15 rows in 16.0 rows of log (0.94)");
    expect(table.samples).to.match(/^3 of 4 validators × 52 of 128 columns; loss at most 2\^-4\d$/);
    expect(table["stake signed"]).to.equal("75 %");
    expect(table.gas).to.equal("submit 190,000, confirm 700,000");
    expect(table["retrieved in"]).to.equal("10 ms, 0.50 MB/s, every byte equal");
    expect(table.receipt).to.equal("/r.json");
  });

  it("log use counts padding, alignment and metadata", () => {
    expect(logUse(1, { before: 2_080, after: 4_128 })).to.equal("1 row in 2.0 rows of log (0.50)");
  });
});
