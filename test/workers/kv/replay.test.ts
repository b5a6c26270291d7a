import { expect } from "chai";
import fc from "fast-check";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { OPS, type Op } from "../../../protocol/kv/ops.ts";
import { encodePayload, type Transaction } from "../../../protocol/kv/payload.ts";
import { tagsOfStreams, tagsOfVoid } from "../../../protocol/kv/tags.ts";
import { type FileRef, payloadOf } from "../../../workers/kv/payloads.ts";
import { pauseAfter } from "../../../workers/kv/replay.ts";
import { appliedTxSeq, resultOf, resultsOf } from "../../../workers/kv/results.ts";
import { findValue } from "../../../workers/kv/values.ts";
import { viewAt } from "../../../workers/kv/view.ts";
import { tempDir } from "../../fakes/temp.ts";
import { accountOf, keyOf, LATEST, streamOf, transactions } from "../../protocol/kv/sample.ts";
import { modelOf } from "./model.ts";
import { type Available, hold, openNode, rootOf, type Submitted, stateOf, submitEvent, type TestNode } from "./node.ts";

const [A, B] = [streamOf("a"), streamOf("b")];
const [alice, bob, carol] = ["alice", "bob", "carol"].map(accountOf) as [Hex, Hex, Hex];
const MAX = Number.MAX_SAFE_INTEGER;

const put = (sender: Hex, key: string, value: string, more: Partial<Transaction> = {}, streams = [A]): Submitted => ({
  sender,
  tags: tagsOfStreams(streams),
  payload: encodePayload({
    version: LATEST,
    writes: streams.map((stream) => ({ stream, key: keyOf(key), value: keyOf(value) })),
    ...more,
  }),
});
const withdraw = (sender: Hex, target: number): Submitted => ({
  sender,
  tags: tagsOfVoid(target),
  payload: Uint8Array.of(1),
});
const refusalOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};
const file = (n: number): Submitted => ({ sender: carol, tags: new Uint8Array(), payload: Uint8Array.of(9, n) });

describe("replay", () => {
  const dir = tempDir("kv");
  let [folders, nodes]: [number, TestNode[]] = [0, []];
  const open = async (available: Available, at = `${dir.path}/${folders++}`): Promise<TestNode> => {
    const node = await openNode(at, available);
    nodes.push(node);
    return node;
  };
  afterEach(() => {
    for (const node of nodes) node.close();
    nodes = [];
  });
  after(() => dir.remove());

  /** A node that was given these entries, one a block, with the data of those that are not in `missing`. */
  const ran = async (log: readonly Submitted[], missing: readonly number[] = [], available: Available = new Map()) => {
    for (const [txSeq, { payload }] of log.entries()) if (!missing.includes(txSeq)) hold(available, payload);
    const node = await open(available);
    await node.apply(...log.map((entry, txSeq) => submitEvent(entry, txSeq, txSeq + 1)));
    await node.settle();
    return { node, available, sql: node.db.sql };
  };

  it("decodes a payload once for all of its streams, a malformed one, too", async () => {
    const good = put(alice, "k", "1", {}, [A, B]);
    const cut = { ...good, payload: good.payload.slice(0, -1) };
    const { sql } = await ran([good, cut]);
    expect(resultsOf(sql, 1).map(({ text }) => text)).to.deep.equal(
      Array(2).fill("DataParseError: Invalid stream data"),
    );
    const [first, second] = [good, cut].map(({ payload }) => ({ root: rootOf(payload), length: payload.length }));
    expect(payloadOf(sql, first as FileRef)).to.equal(payloadOf(sql, first as FileRef));
    const error = refusalOf(() => payloadOf(sql, second as FileRef));
    expect(error).to.be.instanceOf(ZgError);
    expect(refusalOf(() => payloadOf(sql, second as FileRef))).to.equal(error);
  });

  it("makes the first submitter the admin, whether or not its data ever comes", async () => {
    const { node, sql } = await ran([put(alice, "k", "1"), put(bob, "k", "2")], [0]);
    expect(resultOf(sql, 0)).to.equal("AwaitingData");
    expect(resultOf(sql, 1)).to.equal(`AwaitingData: stream: ${A}, entry: 0`);
    expect(viewAt(sql, A, MAX).isAdmin(alice)).to.equal(true);
    expect(viewAt(sql, A, MAX).isAdmin(bob)).to.equal(false);
    await node.apply(submitEvent(withdraw(alice, 0), 2, 3));
    expect([0, 1, 2].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal([
      "Voided",
      "SenderNoWritePermission",
      "Commit",
    ]);
    expect(appliedTxSeq(sql)).to.equal(3);
  });

  it("is void without its data where the submitter has no right", async () => {
    const { node, sql } = await ran([put(alice, "k", "1"), put(bob, "k", "2"), put(alice, "k", "3")], [1]);
    expect([0, 1, 2].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal([
      "Commit",
      "SenderNoWritePermission",
      "Commit",
    ]);
    expect(findValue(sql, A, keyOf("k"), MAX)?.version).to.equal(2);
    expect(findValue(sql, A, keyOf("k"), 1)?.version).to.equal(0);
    expect(node.asked).to.have.length(2);
  });

  it("holds back one stream for missing data, and no other", async () => {
    const log = [put(alice, "k", "1"), put(alice, "k", "2"), put(bob, "k", "3", {}, [B]), put(alice, "k", "4")];
    const { node, available, sql } = await ran(log, [1]);
    expect([0, 1, 2, 3].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal([
      ...["Commit", "AwaitingData", "Commit", `AwaitingData: stream: ${A}, entry: 1`],
    ]);
    expect([appliedTxSeq(sql, A), appliedTxSeq(sql, B), appliedTxSeq(sql)]).to.deep.equal([1, 4, 1]);
    hold(available, (log[1] as Submitted).payload);
    await node.settle();
    expect([1, 3].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal(["Commit", "Commit"]);
  });

  it("judges an entry of several streams on each of them", async () => {
    const { sql } = await ran([put(alice, "k", "1"), put(bob, "k", "2", {}, [A, B])]);
    expect(resultsOf(sql, 1)).to.have.deep.members([
      { stream: A, text: "SenderNoWritePermission" },
      { stream: B, text: "Commit" },
    ]);
    expect(resultOf(sql, 1)).to.equal(`SenderNoWritePermission: stream: ${A}`);
    expect(findValue(sql, B, keyOf("k"), MAX)?.version).to.equal(1);
  });

  it("takes an entry back that is withdrawn after it was applied, and judges what came after it again", async () => {
    const grant: Op = { type: OPS.GRANT_WRITER_ROLE, stream: A, account: bob };
    const log = [
      put(alice, "k", "1"),
      put(alice, "k", "2", { ops: [grant] }),
      put(bob, "k", "3"),
      put(alice, "x", "4"),
    ];
    const { node, sql } = await ran(log);
    expect(resultOf(sql, 2)).to.equal("Commit");
    await node.apply(submitEvent(withdraw(bob, 1), 4, 5), submitEvent(withdraw(carol, 1), 5, 6));
    expect([1, 4, 5].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal([
      ...["Commit", "SenderNoWritePermission", "SenderNoWritePermission"],
    ]);
    await node.apply(submitEvent(withdraw(alice, 1), 6, 7), submitEvent(withdraw(carol, 1), 7, 8));
    expect(resultOf(sql, 7)).to.equal("SenderNoWritePermission");
    expect([0, 1, 2, 3, 6].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal([
      ...["Commit", "Voided", "SenderNoWritePermission", "Commit", "Commit"],
    ]);
    expect(findValue(sql, A, keyOf("k"), MAX)?.version).to.equal(0);
    expect(viewAt(sql, A, MAX).isWriter(bob)).to.equal(false);
    await node.reorg(6);
    expect([1, 2, 3].map((txSeq) => resultOf(sql, txSeq))).to.deep.equal(["Commit", "Commit", "Commit"]);
  });

  it("follows only the streams it was told to, and says so when it is told others", async () => {
    const at = `${dir.path}/list`;
    const available: Available = new Map();
    const log = [put(alice, "k", "1"), put(alice, "k", "2", {}, [A, B])];
    for (const { payload } of log) hold(available, payload);
    const node = await openNode(at, available, [B]);
    await node.apply(...log.map((entry, txSeq) => submitEvent(entry, txSeq, txSeq + 1)));
    await node.settle();
    expect(stateOf(node.db).verdicts).to.deep.equal([{ stream: B, tx_seq: 1, result: "Commit" }]);
    node.close();
    const refused = await openNode(at, available).then(
      () => "opened",
      (error: unknown) => (error as { code: string }).code,
    );
    expect(refused).to.equal("BadConfig");
  });

  it("gives no verdict other than DataParseError to a payload cut at any byte, and stores nothing of it", async () => {
    const ops: Op[] = [{ type: OPS.GRANT_ADMIN_ROLE, stream: A, account: bob }];
    const whole = put(alice, "key", "value", { ops, reads: [{ stream: A, key: keyOf("r") }] });
    const cut = Array.from({ length: whole.payload.length - 1 }, (_, n) => ({
      ...whole,
      payload: whole.payload.slice(0, n + 1),
    }));
    const { sql } = await ran([...cut, whole]);
    const results = [...cut, whole].map((_, txSeq) => resultOf(sql, txSeq));
    expect(new Set(results.slice(0, -1))).to.deep.equal(new Set(["DataParseError: Invalid stream data"]));
    expect(results.at(-1)).to.equal("Commit");
    expect(sql.get("SELECT COUNT(*) AS n FROM vals")?.n).to.equal(1);
  });

  it("asks less often for what nobody has had for long", () => {
    expect([0, 5_000, 60_000, 1e9].map(pauseAfter)).to.deep.equal([100, 500, 6_000, 600_000]);
  });

  it("comes to the state that the log and the data alone give, whatever order all of it came in", async () => {
    const accounts = [alice, bob];
    const transaction = transactions([A, B], accounts);
    const entry: fc.Arbitrary<Submitted> = fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .tuple(fc.constantFrom(...accounts), fc.subarray([A, B], { minLength: 1 }), transaction, fc.nat(9), fc.nat())
          .map(([sender, streams, content, cut, salt]): Submitted => {
            // Most stay within their tags, and some are cut.
            const own = <T extends { readonly stream: Hex }>(set: readonly T[] = []): T[] =>
              cut === 8 ? [...set] : set.filter(({ stream }) => streams.includes(stream));
            const encoded = encodePayload({
              version: content.version,
              reads: own(content.reads),
              writes: own(content.writes),
              ops: own(content.ops),
            });
            const payload = cut === 9 ? encoded.slice(0, 1 + (salt % encoded.length)) : encoded;
            return { sender, tags: tagsOfStreams(streams), payload };
          }),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom(...accounts), fc.nat(10)).map(([who, at]) => withdraw(who, at)),
      },
      { weight: 1, arbitrary: fc.nat(200).map(file) },
    );
    const logs = fc.array(entry, { minLength: 1, maxLength: 14 });
    const history = fc.record({
      /** Chains that were given up for the next one, each with how much of it the next one keeps. */
      forks: fc.array(fc.record({ log: logs, keep: fc.nat(14) }), { maxLength: 2 }),
      log: logs,
      missing: fc.array(fc.nat(13), { maxLength: 2 }),
      early: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ forks, log: last, missing, early, restart }) => {
        // Each fork keeps the beginning of the one before.
        const chains: Submitted[][] = [];
        for (const { log } of [...forks, { log: last }]) {
          const before = chains.at(-1) ?? [];
          const keep = Math.min(forks[chains.length - 1]?.keep ?? 0, before.length);
          chains.push([...before.slice(0, keep), ...log]);
        }
        const final = chains.at(-1) as Submitted[];
        const all: Available = new Map();
        for (const [txSeq, { payload }] of final.entries()) if (!missing.includes(txSeq)) hold(all, payload);

        // One node sees it all in the end, at once.
        const late = await open(all);
        await late.apply(...final.map((each, txSeq) => submitEvent(each, txSeq, txSeq + 1)));
        await late.settle();

        // The other lives through it: forks, and data that comes before, between and after.
        const some: Available = new Map();
        const at = `${dir.path}/${folders++}`;
        let node = await open(some, at);
        for (const [number, chain] of chains.entries()) {
          const keep = number === 0 ? 0 : Math.min(forks[number - 1]?.keep ?? 0, chains[number - 1]?.length ?? 0);
          if (number > 0) await node.reorg(keep);
          for (let txSeq = keep; txSeq < chain.length; txSeq++) {
            const each = chain[txSeq] as Submitted;
            if (early[txSeq] && (all.has(rootOf(each.payload)) || number < chains.length - 1)) hold(some, each.payload);
            await node.apply(submitEvent(each, txSeq, txSeq + 1, `fork ${number}`));
            if (early[(txSeq + 1) % early.length]) await node.settle();
          }
        }
        // What is still to come arrives in the other direction.
        for (const payload of [...all.values()].reverse()) {
          hold(some, payload);
          await node.settle();
        }
        if (restart) {
          node.close();
          node = await open(some, at);
          await node.settle();
        }
        // Data of a fork that the final log lacks is data all the same.
        for (const [root, payload] of some) if (!all.has(root)) all.set(root, payload);
        await late.settle();

        const model = modelOf(final, all);
        expect(stateOf(late.db), "at once").to.deep.equal(model);
        expect(stateOf(node.db), "lived through").to.deep.equal(model);
        late.close();
        node.close();
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);
});
