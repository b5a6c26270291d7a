import { expect } from "chai";
import { accepted, ERRORS, isErrorCode, verdictOf, ZgError } from "../../protocol/errors.ts";
import { bigToBytes, bytesToBig, concat, fromHex, isHex, normalHex, toHex, word } from "../../protocol/hex.ts";
import { hasReached, isTerminal, PROGRESS } from "../../protocol/status.ts";
import { refusal } from "./refusal.ts";

describe("errors", () => {
  it("carry code, compared values and whether a retry makes sense", () => {
    const error = new ZgError("CellPathMismatch", { column: 5, row: 1 });
    expect(error.message).to.equal("CellPathMismatch: the cell does not hash to its segment root (column 5, row 1)");
    expect(error.retryable).to.equal(false);
    expect(new ZgError("TooFewCells").retryable).to.equal(true);
    expect(JSON.parse(JSON.stringify(error))).to.deep.include({
      code: "CellPathMismatch",
      fields: { column: 5, row: 1 },
    });
  });

  it("become verdicts and back; what has no name stays an exception", () => {
    const refused = verdictOf(() => {
      throw new ZgError("BadPoint", { why: "infinity" });
    });
    expect(refused).to.deep.equal({ ok: false, code: "BadPoint", fields: { why: "infinity" } });
    expect(refusal(() => accepted(refused))).to.equal("BadPoint");
    expect(accepted(verdictOf(() => ({ value: 1 }))).value).to.equal(1);
    const broken = () =>
      verdictOf(() => {
        throw new TypeError("bug");
      });
    expect(broken).to.throw(TypeError);
  });

  it("know their codes, and no name that every object has", () => {
    expect(Object.keys(ERRORS).every(isErrorCode)).to.equal(true);
    for (const other of ["toString", "__proto__", "", undefined, 5]) expect(isErrorCode(other)).to.equal(false);
  });
});

describe("hex", () => {
  it("reads what it writes and refuses every other spelling and length", () => {
    const bytes = Uint8Array.of(0, 1, 0xfe, 0xff);
    expect(toHex(bytes)).to.equal("0x0001feff");
    expect(fromHex("0x0001FEff", 4)).to.deep.equal(bytes);
    expect(normalHex("0x0001FEff", 4)).to.equal("0x0001feff");
    for (const bad of ["", "0x0", "0001", "0x0g", "0X00", " 0x00", "0x00 ", "0x00\n"]) {
      expect(isHex(bad), JSON.stringify(bad)).to.equal(false);
      expect(refusal(() => fromHex(bad))).to.equal("MalformedHex");
    }
    expect(refusal(() => fromHex("0x0001", 32))).to.equal("MalformedHex");
    expect(refusal(() => fromHex(`0x${"00".repeat(33)}`, 32))).to.equal("MalformedHex");
  });

  it("writes numbers as words, and none that does not fit", () => {
    expect(toHex(word(256))).to.equal(`0x${"00".repeat(30)}0100`);
    expect(bytesToBig(bigToBytes(2n ** 256n - 1n, 32))).to.equal(2n ** 256n - 1n);
    expect(() => bigToBytes(256n, 1)).to.throw(RangeError);
    expect(() => bigToBytes(-1n, 1)).to.throw(RangeError);
    expect(concat()).to.have.length(0);
  });
});

describe("status", () => {
  it("includes the earlier states, and failure reaches nothing", () => {
    for (const [i, status] of PROGRESS.entries()) {
      expect(PROGRESS.filter((goal) => hasReached(status, goal))).to.deep.equal(PROGRESS.slice(0, i + 1));
      expect(isTerminal(status)).to.equal(status === "FINALIZED");
    }
    for (const failed of ["FAILED", "INSUFFICIENT_SIGNATURES"] as const) {
      expect(PROGRESS.some((goal) => hasReached(failed, goal))).to.equal(false);
      expect(isTerminal(failed)).to.equal(true);
    }
  });
});
