import { setTimeout as tick } from "node:timers/promises";
import { expect } from "chai";
import { tempDir } from "../../../fakes/temp.ts";
import { openTestLog, randomFile } from "./files.ts";

/** What lmdb has room for by default; one more, and no read succeeds any more. */
const READERS = 126;

describe("the log store's reads", function () {
  this.timeout(30_000);

  it("leave nothing open: a node answers for as long as it runs", async () => {
    const dir = tempDir("readers");
    const { log, add, close } = await openTestLog(dir.path);
    const file = randomFile(300, "one");
    await add([file, file, file]);
    for (let i = 0; i < READERS + 20; i++) {
      expect(log.roots(file)).to.have.length(32);
      log.info(0);
      log.file(file.root);
      log.file(file.root, file.length);
      log.pending(0, 1);
      log.missing(0, 0, 1);
      log.held("", 1);
      log.txSeqsOf(file.root);
      await log.segment(file, 0).catch(() => undefined);
      // A read that is still open when the turn ends keeps its place, and the next one, after a write, takes another.
      await tick(1);
      await add([file]);
    }
    await log.putSegment(file, 0, file.segment(0));
    expect(log.info(2)?.state).to.equal("finalized");
    await close();
    dir.remove();
  });
});
