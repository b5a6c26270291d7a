import { expect } from "chai";
import type { Contract } from "ethers";
import type { Hex } from "../../protocol/hex.ts";
import { prosecute } from "../../tasks/lib/prosecute.ts";
import type { Charge } from "../../workers/retriever/index.ts";

const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;
const part = (rows: number) => ({
  height: 7,
  rows: Array.from({ length: rows }, () => ({ sector: [], path: [] })),
  path: [],
});
const header = {
  ...{ version: 1, dataRoot: hash("da"), length: 32_000_000, rows: 256, account: `0x${"ac".repeat(20)}` as Hex },
  ...{ salt: hash("00"), commitment: `0x${"c1".repeat(32)}${"c2".repeat(16)}` as Hex },
};
const charge = (proof: Charge["proof"]): Charge => ({
  batchId: hash("ba"),
  index: 3,
  header,
  path: [hash("11")],
  proof,
});
const corrupt = (...rows: number[]) =>
  charge({ kind: "corrupt", position: 6_400, parts: rows.map(part), opening: { value: hash("0f"), proof: "0x" } });

/** What was sent, as "method id", on a chain that has taken so many rows of this reporter's sum. */
const run = async (what: Charge, summed = 0) => {
  const sent: { call: string; args: readonly unknown[] }[] = [];
  const entrance = { getFunction: () => async () => BigInt(summed) } as unknown as Contract;
  const reporter = {
    account: `0x${"fe".repeat(20)}` as Hex,
    send: async (id: string, _: Contract, method: string, args: readonly unknown[]) => {
      sent.push({ call: `${method} ${id.replace(hash("ba"), "B")}`, args });
      return { hash: hash("22"), block: 9, gas: 1, events: [] };
    },
  };
  await prosecute({ entrance }, reporter, what, () => undefined);
  return sent;
};
const calls = (sent: Awaited<ReturnType<typeof run>>): string[] => sent.map(({ call }) => call);

describe("bringing a charge on chain", () => {
  it("takes one transaction where the rows fit, with the commitment in two words", async () => {
    const sent = await run(corrupt(2));
    expect(calls(sent)).to.deep.equal(["proveCorrupt corrupt-B-3"]);
    expect(sent[0]?.args[1]).to.deep.include({ index: 3, path: [hash("11")] });
    expect(sent[0]?.args[1]).to.have.nested.property("header.commitmentHi", hash("c1"));
    expect(sent[0]?.args[1]).to.have.nested.property("header.commitmentLo", `0x${"c2".repeat(16)}`);
    expect(sent[0]?.args.at(-1)).to.deep.equal({ value: hash("0f"), proof: "0x" });
  });

  it("sums up what does not fit, the last part with the proof", async () => {
    expect(calls(await run(corrupt(128, 128)))).to.deep.equal(["sumRows sum-B-3-6400-0", "proveCorrupt corrupt-B-3"]);
  });

  it("goes on after an interruption with the part that is missing", async () => {
    expect(calls(await run(corrupt(64, 64, 64, 64), 128))).to.deep.equal([
      "sumRows sum-B-3-6400-2",
      "proveCorrupt corrupt-B-3",
    ]);
    expect(calls(await run(corrupt(128, 128), 128))).to.deep.equal(["proveCorrupt corrupt-B-3"]);
  });

  it("takes one sector of a malformed element", async () => {
    const sector = Array.from({ length: 8 }, () => hash("33"));
    const sent = await run(charge({ kind: "malformed", sectorIndex: 40, sector, element: 2, path: [hash("44")] }));
    expect(calls(sent)).to.deep.equal(["proveMalformed malformed-B-3"]);
    expect(sent[0]?.args.slice(2)).to.deep.equal([40, sector, 2, [hash("44")]]);
  });
});
