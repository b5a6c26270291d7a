import { expect } from "chai";
import type { Answers } from "../../../adapters/answers.ts";
import { createHttp } from "../../../adapters/http.ts";
import { silentLog } from "../../../adapters/log.ts";
import { serveEntries } from "../../../workers/storage/http/entries.ts";
import type { EntryInfo, LogStore } from "../../../workers/storage/log/types.ts";

const infoOf = (txSeq: number): EntryInfo => {
  const entry = { txSeq, tags: `0x${"ab".repeat(300_000)}`, nodes: [], block: { number: txSeq, hash: "0x" } };
  return { entry, state: "finalized", pruned: false, held: 0 } as unknown as EntryInfo;
};

describe("a page of entries", () => {
  it("counts as an answer, as long as it is, and something before it is made", async () => {
    const steps: (number | "looked up")[] = [];
    const answers: Pick<Answers, "hold"> = {
      hold: async (_, bytes) => {
        steps.push(bytes);
      },
    };
    const store: Pick<LogStore, "infos"> = {
      infos: (from, count) => {
        steps.push("looked up");
        return Array.from({ length: Math.max(0, Math.min(count, 3 - from)) }, (_, at) => infoOf(from + at));
      },
    };
    const app = createHttp({ name: "test", log: silentLog, bodyLimit: 1_000 });
    serveEntries(app, store as LogStore, answers as Answers);
    const answer = await app.inject({ method: "GET", url: "/entries?limit=5" });
    await app.close();
    expect(answer.headers["content-type"]).to.equal("application/json; charset=utf-8");
    expect(answer.json()).to.have.length(3);
    expect(steps.indexOf("looked up")).to.equal(1);
    const held = steps.reduce<number>((sum, step) => sum + (step === "looked up" ? 0 : step), 0);
    expect(held).to.equal(answer.body.length);
  });
});
