import { expect } from "chai";
import type { HttpClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { publisher } from "../../../workers/validator/evidence.ts";
import type { Ledger } from "../../../workers/validator/ledger.ts";
import { until } from "../../fakes/wait.ts";

const BATCH: Hex = `0x${"ba".repeat(32)}`;
const DEADLINE = 100;

describe("telling the other validators of evidence", () => {
  /** `answers` of each URL in turn, the last one for ever. */
  const setUp = (answers: Readonly<Record<string, readonly ("accepted" | ErrorCode)[]>>) => {
    const asked: string[] = [];
    const clock = { latest: 1 };
    const stop = new AbortController();
    const client = {
      json: async (target: string) => {
        const url = new URL(target).origin;
        const before = asked.filter((other) => other === url).length;
        asked.push(url);
        const answer = answers[url]?.[before] ?? answers[url]?.at(-1) ?? "NodeDown";
        if (answer !== "accepted") throw new ZgError(answer);
        return { accepted: true };
      },
    } as unknown as HttpClient;
    const ledger = {
      evidence: () => ({ column: 5, code: "ColumnProofMismatch", frame: new Uint8Array(3) }),
      find: () => ({ batch: { deadline: DEADLINE } }),
    } as unknown as Ledger;
    const publish = publisher({
      ...{ ledger, client, urls: Object.keys(answers), latest: () => clock.latest, log: silentLog },
      ...{ signal: stop.signal, pauseMs: 1 },
    });
    const times = (url: string): number => asked.filter((other) => other === url).length;
    return { publish, asked, clock, stop, times };
  };
  const rest = () => new Promise((resolve) => setTimeout(resolve, 30));

  it("tells all of them, also those that listen on one port of different machines", async () => {
    const { publish, asked } = setUp({ "http://a:7000": ["accepted"], "http://b:7000": ["accepted"] });
    publish(BATCH);
    await until("both are told", () => asked.length === 2);
    await rest();
    expect(asked).to.deep.equal(["http://a:7000", "http://b:7000"]);
  });

  it("asks again who is down, busy or has not seen the batch, until it accepts, and nobody who has decided", async () => {
    const a = "http://a:1";
    const { publish, times } = setUp({
      [a]: ["NodeDown", "UnknownBatch", "Busy", "accepted"],
      "http://b:1": ["BatchNotOpen"],
    });
    publish(BATCH);
    publish(BATCH);
    await until("it is accepted", () => times(a) === 4);
    await rest();
    expect(times(a)).to.equal(4);
    expect(times("http://b:1")).to.equal(1);
  });

  it("ends at the deadline of the batch, and when the validator stops", async () => {
    for (const end of ["deadline", "stop"]) {
      const { publish, clock, stop, asked } = setUp({ "http://a:1": ["NodeDown"] });
      publish(BATCH);
      await until("it is tried again", () => asked.length >= 3);
      if (end === "stop") stop.abort();
      else clock.latest = DEADLINE + 1;
      await rest();
      const before = asked.length;
      await rest();
      await rest();
      expect(asked, end).to.have.length(before);
    }
  });
});
