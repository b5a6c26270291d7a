import { expect } from "chai";
import { bar, bytes, duration, integer, percent, rate, short } from "../../tasks/lib/format.ts";

describe("numbers for people", () => {
  it("sizes", () => {
    expect([1, 1023, 1024, 126_976, 4 << 20].map(bytes)).to.deep.equal([
      "1 B",
      "1023 B",
      "1.0 KiB",
      "124.0 KiB",
      "4.00 MiB",
    ]);
  });
  it("times", () => {
    expect([0.4, 999, 1_000, 59_949, 61_000, 3_600_000].map(duration)).to.deep.equal([
      "0 ms",
      "999 ms",
      "1.0 s",
      "59.9 s",
      "1 min 1 s",
      "60 min 0 s",
    ]);
  });
  it("rates, ids, counts, parts", () => {
    expect(rate(4_000_000, 2_000)).to.equal("2.00 MB/s");
    expect(rate(5_000, 1_000)).to.equal("5.0 kB/s");
    expect(rate(1, 0)).to.equal("–");
    expect(short(`0x${"ab".repeat(32)}`)).to.equal("0xabababab…abab");
    expect(short("0x12")).to.equal("0x12");
    expect([0, 999, 1_000, 1_234_567n].map(integer)).to.deep.equal(["0", "999", "1,000", "1,234,567"]);
    expect(percent(2n, 3n)).to.equal("66.66 %");
    expect(percent(0n, 0n)).to.equal("–");
  });
  it("a bar is full at the end and never longer", () => {
    expect(bar(0, 10)).to.match(/^░{24} 0 %/);
    expect(bar(10, 10)).to.match(/^█{24} 100 %/);
    expect(bar(20, 10)).to.match(/^█{24} 100 %/);
    expect(bar(0, 0)).to.match(/^█{24} 100 %/);
  });
});
