import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openLedger } from "../../../workers/validator/ledger.ts";
import { tempDir } from "../../fakes/temp.ts";
import { honest } from "../batches.ts";
import { runChild, writeStored } from "../child.ts";
import { SAMPLES } from "./validator.ts";

describe("A43: a validator that is killed", function () {
  this.timeout(120_000);
  const at = tempDir("crash");
  const file = join(at.path, "batch.json");
  const signatures = new Set<string>();

  before(async () => writeFileSync(file, writeStored(await honest())));
  after(() => at.remove());

  const cases: [crashpoint: string, outcomes: number][] = [
    ["columns-fetched", 0],
    ["signature-written", 1],
    ["signed-not-replied", 1],
  ];
  for (const [crashpoint, outcomes] of cases) {
    it(`at ${crashpoint} has its samples, and gives out the one signature when it is back`, async () => {
      const dir = join(at.path, crashpoint);
      mkdirSync(dir);
      const killed = await runChild("validator/life.child.ts", [dir, file], crashpoint);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      expect(killed.output).to.equal("");
      const ledger = await openLedger(dir);
      expect(ledger.store.table("samples").count()).to.equal(SAMPLES);
      expect(ledger.store.table("outcomes").count()).to.equal(outcomes);
      await ledger.close();
      const ended = await runChild("validator/life.child.ts", [dir, file]);
      expect(ended.code, ended.errors).to.equal(0);
      const { columns, signature } = JSON.parse(ended.output);
      expect(columns).to.equal(0);
      signatures.add(signature);
      expect(signatures.size).to.equal(1);
    });
  }
});
