import { expect } from "chai";
import fc from "fast-check";
import { ABSENT, decodeLoad, EMPTY, encodeLoad } from "../../../workers/miner/load-record.ts";
import { NEW_LOAD } from "../../../workers/miner/plan.ts";
import { refusal } from "../../protocol/refusal.ts";
import { hash } from "./world.ts";

describe("the record of a load", () => {
  it("comes back as it was written, whatever is sealed of it", () => {
    const slot = fc.option(fc.nat({ max: 2 ** 32 - 2 }), { nil: null });
    const property = fc.property(slot, fc.nat({ max: 64 }), fc.infiniteStream(fc.nat()), (at, count, numbers) => {
      const next = (): number => (numbers.next().value as number) % (count + 2);
      const seals = Array.from({ length: 64 }, () => next() - 2);
      const contexts = Array.from({ length: count }, (_, i) => hash(`context ${i}`));
      const load = { slot: at, contexts, seals };
      expect(decodeLoad(encodeLoad(load))).to.deep.equal(load);
      expect(encodeLoad(load)).to.have.length(68 + 32 * count);
    });
    fc.assert(property);
    expect(decodeLoad(encodeLoad(NEW_LOAD))).to.deep.equal(NEW_LOAD);
  });

  it("of another length, or with a context that it does not name, is a broken disk", () => {
    const bytes = Uint8Array.from(
      encodeLoad({ slot: 1, contexts: [hash("a")], seals: NEW_LOAD.seals.with(0, 0).with(1, EMPTY) }),
    );
    for (const length of [0, 4, 67, 69, 99, 101]) {
      expect(refusal(() => decodeLoad(new Uint8Array(length)))).to.equal("CorruptObject");
    }
    for (const seal of [1, 63, 127, 128, 253]) {
      expect(refusal(() => decodeLoad(bytes.slice().fill(seal, 10, 11)))).to.equal("CorruptObject");
    }
    expect(refusal(() => decodeLoad(bytes.slice(0, 68)))).to.equal("CorruptObject");
    expect(decodeLoad(bytes.slice()).seals.slice(0, 3)).to.deep.equal([0, EMPTY, ABSENT]);
  });
});
