import { expect } from "chai";
import type { HttpClient } from "../../../adapters/http-client.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { Complaint } from "../../../workers/validator/judge.ts";
import { createNodes, Verdict } from "../../../workers/validator/nodes.ts";
import { rejection } from "../../fakes/errors.ts";
import { until } from "../../fakes/wait.ts";

const ID: Hex = `0x${"ba".repeat(32)}`;
const bytes = (length: number) => new Uint8Array(length);

describe("asking storage nodes", () => {
  type Node = (signal: AbortSignal) => Promise<Uint8Array>;
  const setup = (nodes: Record<string, Node>, options: { hedgeMs?: number; shuffled?: boolean } = {}) => {
    const asked: string[] = [];
    const complaints: Complaint[] = [];
    const client = {
      bytes: async (url: string, { signal }: { signal: AbortSignal }) => {
        const host = new URL(url).hostname;
        asked.push(host);
        return (nodes[host] as Node)(signal);
      },
    } as unknown as HttpClient;
    const made = createNodes({
      ...{ client, urls: Object.keys(nodes).map((name) => `http://${name}`) },
      ...{ hedgeMs: options.hedgeMs ?? 60_000, deadlineMs: 100 },
      ...(options.shuffled ? {} : { shuffle: <T>(items: readonly T[]) => [...items] }),
    });
    const stop = new AbortController();
    const ask = (check: (answer: Uint8Array) => Promise<number> = async (answer) => answer.length) =>
      made.metadata(ID, 10, { check, complain: (complaint) => complaints.push(complaint), signal: stop.signal });
    return { ask, asked, complaints, stop, faults: made.faults };
  };
  const good: Node = async () => bytes(10);
  const bad =
    (code: ErrorCode): Node =>
    async () => {
      throw new ZgError(code, {});
    };

  it("takes the first good answer and asks nobody else", async () => {
    const { ask, asked, complaints } = setup({ a: good, b: good });
    expect(await ask()).to.equal(10);
    expect([asked, complaints]).to.deep.equal([["a"], []]);
  });

  it("passes over each that fails, and tells how: down, slow, behind, wrong, withholding", async () => {
    const nodes = {
      ...{ a: bad("NodeDown"), b: bad("Timeout"), c: bad("UnknownBatch") },
      ...{ d: async () => bytes(9), e: bad("NotFound"), f: good },
    };
    const { ask, asked, complaints, faults } = setup(nodes);
    expect(await ask()).to.equal(10);
    expect(asked).to.deep.equal(["a", "b", "c", "d", "e", "f"]);
    expect(complaints.map(({ fault }) => fault)).to.deep.equal(["down", "slow", "behind", "wrong", "withholding"]);
    expect(faults()["http://b"]).to.deep.equal({ slow: 1 });
  });

  it("fails with the last failure when nobody is left, at once", async () => {
    const { ask } = setup({ a: bad("Timeout"), b: bad("NotFound") });
    await rejection(ask(), "NotFound");
    await rejection(setup({}).ask(), "NodeDown");
  });

  it("an answer that does not pass the check is no answer", async () => {
    const { ask, complaints } = setup({ a: good, b: async () => bytes(10).fill(1) });
    const check = async (answer: Uint8Array): Promise<number> => {
      if (answer[0] === 0) throw new ZgError("CellPathMismatch", {});
      return 7;
    };
    expect(await ask(check)).to.equal(7);
    expect(complaints).to.deep.include({ who: "http://a", fault: "wrong", code: "CellPathMismatch", what: "metadata" });
  });

  it("a verdict about the batch ends the asking and blames no node", async () => {
    const { ask, asked, complaints } = setup({ a: good, b: good });
    const error = await ask(async () => {
      throw new Verdict("ColumnProofMismatch", { column: 3 });
    }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Verdict);
    expect([asked, complaints]).to.deep.equal([["a"], []]);
  });

  it("A20: who does not answer is overtaken, and let go of once there is an answer", async () => {
    let letGo = false;
    const silent: Node = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          letGo = true;
          reject(new ZgError("Stopping", {}));
        });
      });
    const { ask, asked, complaints } = setup({ a: silent, b: good }, { hedgeMs: 5 });
    expect(await ask()).to.equal(10);
    expect(asked).to.deep.equal(["a", "b"]);
    await until("the silent request is aborted", () => letGo);
    expect(complaints).to.deep.equal([]);
  });

  it("stops when it is told to", async () => {
    const { ask, stop } = setup({ a: () => new Promise(() => undefined) });
    const asking = ask();
    stop.abort();
    await rejection(asking, "Stopping");
    await rejection(ask(), "Stopping");
  });

  it("asks in an order that nobody can foresee", async () => {
    const orders = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const nodes = { a: bad("NotFound"), b: bad("NotFound"), c: bad("NotFound") };
      const { ask, asked } = setup(nodes, { shuffled: true });
      await rejection(ask(), "NotFound");
      orders.add(asked.join(""));
    }
    expect(orders.size).to.equal(6);
  });
});
