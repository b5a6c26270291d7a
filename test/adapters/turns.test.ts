import { expect } from "chai";
import { createTurns } from "../../adapters/turns.ts";

describe("turns of the event loop", () => {
  it("gives each of many its own, in the order in which they asked, and lets others in between", async () => {
    const turns = createTurns();
    let others = 0;
    const count = (): void => {
      others += 1;
      if (others < 1_000) setImmediate(count);
    };
    setImmediate(count);
    const order: number[] = [];
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await turns();
        order.push(i);
        seen.push(others);
      }),
    );
    expect(order).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    expect(new Set(seen).size).to.equal(50);
  });
});
