import { join } from "node:path";
import { expect } from "chai";
import { openKvDb } from "../../../workers/kv/db.ts";
import { tempDir } from "../../fakes/temp.ts";
import { runChild } from "../child.ts";
import { LOG, SEGMENTS } from "./life.ts";
import { modelOf } from "./model.ts";
import { type Available, DA, hold, stateOf } from "./node.ts";

describe("a KV node that is killed", function () {
  this.timeout(60_000);
  const at = tempDir("kv-crash");
  after(() => at.remove());
  const available: Available = new Map();
  for (const { payload } of LOG) hold(available, payload);

  for (const point of ["kv-verdict-half", "kv-verdict-half#3", "kv-segment-kept", "kv-segment-kept#4"]) {
    it(`at ${point} keeps what was whole, and comes to the same state when it is back`, async () => {
      const dir = join(at.path, point.replace("#", "-"));
      const killed = await runChild("kv/life.child.ts", [dir], point);
      expect(killed.signal, killed.errors).to.equal("SIGKILL");
      const half = await openKvDb(dir, { da: DA });
      const before = stateOf(half);
      const kept = Number(half.sql.get("SELECT COUNT(*) AS n FROM segments")?.n);
      half.sql.close();
      const judged = new Set(before.verdicts.filter(({ result }) => result !== null).map(({ tx_seq }) => tx_seq));
      expect(before.values.filter(({ version }) => !judged.has(version))).to.deep.equal([]);

      const ended = await runChild("kv/life.child.ts", [dir]);
      expect(ended.code, ended.errors).to.equal(0);
      expect(Number(ended.output), "what was kept is not asked for again").to.be.at.most(SEGMENTS - kept);
      const db = await openKvDb(dir, { da: DA });
      expect(stateOf(db)).to.deep.equal(modelOf(LOG, available));
      db.sql.close();
    });
  }
});
