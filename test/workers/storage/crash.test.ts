import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { stateOf } from "../../../workers/storage/batches/record.ts";
import { openShelf, type Shelf } from "../../../workers/storage/batches/shelf.ts";
import { tempDir } from "../../fakes/temp.ts";
import { honest } from "../batches.ts";
import { runChild, writeStored } from "../child.ts";
import type { Stored } from "../stored.ts";

describe("A43: a storage node that is killed", function () {
  this.timeout(120_000);
  let stored: Stored;
  const at = tempDir("crash");
  const file = join(at.path, "batch.json");

  before(async () => {
    stored = await honest();
    writeFileSync(file, writeStored(stored));
  });
  after(() => at.remove());

  const check = async (dir: string, look: (shelf: Shelf) => void): Promise<void> => {
    const shelf = await openShelf(dir);
    look(shelf);
    await shelf.close();
  };
  const life = (dir: string, crashpoint?: string) => runChild("storage/life.child.ts", [dir, file], crashpoint);

  const cases: [crashpoint: string, said: string[], state: string, rows: number][] = [
    ["rows-half-received", ["metadata"], "submitted", 0],
    ["rows-half-received#3", ["metadata", "row 0", "row 1"], "submitted", 2],
    ["row-written-not-fsynced#4", ["metadata", "row 0", "row 1", "row 2"], "submitted", 3],
    ["staged-not-acked", ["metadata", "row 0", "row 1", "row 2", "row 3"], "staged", 4],
    ["settle-half", ["metadata", "row 0", "row 1", "row 2", "row 3", "acknowledged"], "confirmed", 4],
  ];
  for (const [crashpoint, said, state, rows] of cases) {
    it(`at ${crashpoint} keeps what it acknowledged, shows nothing half done, and finishes when it is back`, async () => {
      const dir = join(at.path, crashpoint.replace("#", "-"));
      mkdirSync(dir);
      const { batchId } = stored.batch.facts;
      const killed = await life(dir, crashpoint);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      expect(killed.output.trim().split("\n")).to.deep.equal(said);
      await check(dir, (shelf) => {
        expect(stateOf(shelf.find(batchId))).to.equal(state);
        expect(shelf.rowCount(batchId)).to.equal(rows);
        expect(shelf.metadata(batchId)).to.deep.equal(Buffer.from(stored.batch.bytes));
        for (const table of ["log", "kv"]) expect(shelf.store.table(table).count(), table).to.equal(0);
      });
      const ended = await life(dir);
      expect(ended.code, ended.errors).to.equal(0);
      await check(dir, (shelf) => {
        expect(stateOf(shelf.find(batchId))).to.equal("settled");
        expect(shelf.rowCount(batchId)).to.equal(4);
        expect(shelf.store.table("log").count()).to.equal(2);
        expect(shelf.store.table("kv").count()).to.equal(4);
      });
    });
  }
});
