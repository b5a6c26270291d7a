import { readFileSync } from "node:fs";
import { expect } from "chai";
import { renderSetup, setupPoints } from "../../scripts/kzg-setup.ts";
import { cellVectors, openingVectors } from "../../scripts/vectors-cells.ts";
import { sharedKzg } from "./pool.ts";

const committed = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("cells on chain", function () {
  this.timeout(60_000);

  it("are checked by the points of c-kzg's trusted setup", async () => {
    expect(committed("contracts/da/KzgSetup.sol")).to.equal(renderSetup(await setupPoints()));
  });

  it("A6: have vectors whose verdicts are c-kzg's and the official ones, refused and false told apart", async () => {
    expect(committed("test/vectors/cells.json"), "run npm run vectors").to.equal(await cellVectors(sharedKzg()));
    expect(committed("test/vectors/openings.json"), "run npm run vectors").to.equal(await openingVectors());
  });
});
