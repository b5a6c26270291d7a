import { readFileSync } from "node:fs";
import { expect } from "chai";
import { render, vectors } from "../../scripts/vectors.ts";
import { sharedCompute } from "./pool.ts";

describe("committed vectors", function () {
  this.timeout(60_000);

  it("are what the code makes, so that Solidity and TypeScript read the same", async () => {
    for (const [name, value] of Object.entries(await vectors(await sharedCompute()))) {
      const committed = readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8");
      expect(committed, `test/vectors/${name}.json: run npm run vectors`).to.equal(render(value));
    }
  });
});
