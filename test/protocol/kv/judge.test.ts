import { expect } from "chai";
import fc from "fast-check";
import type { Hex } from "../../../protocol/hex.ts";
import { judgeByLog, judgePayload, mayWriteKey, onlyNew, type StreamView } from "../../../protocol/kv/judge.ts";
import { OPS, type Op, type OpType } from "../../../protocol/kv/ops.ts";
import { decodePayload, encodePayload, sourceOf, type Transaction } from "../../../protocol/kv/payload.ts";
import { commonResult, textOf } from "../../../protocol/kv/result.ts";
import { accountOf, keyOf, LATEST, streamOf, transactions } from "./sample.ts";

const [A, B] = [streamOf("a"), streamOf("b")];
const [admin, writer, keyWriter, nobody] = ["admin", "writer", "key writer", "nobody"].map(accountOf) as [
  Hex,
  Hex,
  Hex,
  Hex,
];
const SPECIAL = "special";

/** A stream with one of each: `special` is a special key that `keyWriter` may write; versions as given. */
const view = (versions: Readonly<Record<string, number>> = {}): StreamView => {
  const text = (key: Uint8Array): string => new TextDecoder().decode(key);
  return {
    isAdmin: (account) => account === admin,
    isWriter: (account) => account === writer,
    isSpecialKey: (key) => text(key) === SPECIAL,
    isWriterOfKey: (account, key) => account === keyWriter && text(key) === SPECIAL,
    isWriterOfAnyKey: (account) => account === keyWriter,
    latestVersion: (key) => versions[text(key)] ?? 0,
  };
};
const judged = (sender: Hex, transaction: Partial<Transaction>, versions = {}, tagged = [A]) =>
  judgePayload(
    A,
    new Set(tagged),
    sender,
    decodePayload(sourceOf(encodePayload({ version: LATEST, ...transaction }))),
    view(versions),
  );
const textFor = (...args: Parameters<typeof judged>): string => textOf(judged(...args).result);
const write = (key: string, value = "v", stream = A) => ({ stream, key: keyOf(key), value: keyOf(value) });
const op = (type: OpType, { key, account, stream = A }: { key?: string; account?: Hex; stream?: Hex } = {}): Op => ({
  type,
  stream,
  key: key === undefined ? undefined : keyOf(key),
  account,
});

describe("the verdict of a stream", () => {
  it("needs no data where the log says enough: no right, or withdrawn by an admin", () => {
    expect(judgeByLog(view(), nobody, [])).to.deep.equal({ code: "SenderNoWritePermission" });
    for (const sender of [admin, writer, keyWriter]) expect(judgeByLog(view(), sender, [])).to.equal(undefined);
    expect(judgeByLog(view(), writer, [nobody, writer])).to.equal(undefined);
    expect(judgeByLog(view(), writer, [nobody, admin])).to.deep.equal({ code: "Voided" });
    expect(judgeByLog(view(), nobody, [admin])).to.deep.equal({ code: "SenderNoWritePermission" });
  });

  it("commits the last write of each key, and nothing of another stream", () => {
    const writes = [write("k", "one"), write("x", "b", B), write("k", "two"), write("gone", "")];
    const { result, writes: done } = judged(admin, { writes }, {}, [A, B]);
    expect(result).to.deep.equal({ code: "Commit" });
    expect(done.map(({ key, size }) => [new TextDecoder().decode(key), size])).to.deep.equal([
      ["k", 3],
      ["gone", 0],
    ]);
  });

  it("is a conflict where a key that is read or written is newer than the writer had seen", () => {
    const [reads, writes] = [[{ stream: A, key: keyOf("r") }], [write("w")]];
    expect(textFor(admin, { version: 5n, reads, writes }, { r: 5, w: 5 })).to.equal("Commit");
    expect(textFor(admin, { version: 5n, reads, writes }, { r: 6 })).to.equal("VersionConfliction");
    expect(textFor(admin, { version: 5n, reads, writes }, { w: 6 })).to.equal("VersionConfliction");
    expect(textFor(admin, { version: 5n, reads: [{ stream: B, key: keyOf("w") }] }, { w: 6 }, [A, B])).to.equal(
      "Commit",
    );
  });

  it("is void everywhere when the payload names a stream that is not tagged", () => {
    expect(textFor(admin, { reads: [{ stream: B, key: keyOf("r") }] })).to.equal("TagsMismatch");
    expect(textFor(admin, { writes: [write("w", "v", B)] })).to.equal("TagsMismatch");
    expect(textFor(admin, { ops: [op(OPS.RENOUNCE_WRITER_ROLE, { stream: B })] })).to.equal("TagsMismatch");
  });

  it("lets writers write what is not special, and a key's writers that key", () => {
    const table: [Hex, string, boolean][] = [
      [admin, "plain", true],
      [admin, SPECIAL, true],
      [writer, "plain", true],
      [writer, SPECIAL, false],
      [keyWriter, "plain", false],
      [keyWriter, SPECIAL, true],
      [nobody, "plain", false],
    ];
    for (const [sender, key, allowed] of table) {
      expect(mayWriteKey(view(), sender, keyOf(key)), `${sender} ${key}`).to.equal(allowed);
      const expected = allowed ? "Commit" : `WritePermissionDenied: stream: ${A}, key: ${key}`;
      expect(textFor(sender, { writes: [write(key)] })).to.equal(expected);
    }
    const many = judged(writer, { writes: [write("plain"), write(SPECIAL)] });
    expect(many.writes).to.deep.equal([]);
  });

  it("lets each operation be done by whom 0G lets do it", () => {
    const x = accountOf("x");
    const all: [Op, readonly Hex[]][] = [
      [op(OPS.GRANT_ADMIN_ROLE, { account: x }), [admin]],
      [op(OPS.RENOUNCE_ADMIN_ROLE), [admin, writer, keyWriter, nobody]],
      [op(OPS.SET_KEY_TO_SPECIAL, { key: "k" }), [admin]],
      [op(OPS.SET_KEY_TO_NORMAL, { key: "k" }), [admin]],
      [op(OPS.GRANT_WRITER_ROLE, { account: x }), [admin, writer]],
      [op(OPS.REVOKE_WRITER_ROLE, { account: x }), [admin]],
      [op(OPS.RENOUNCE_WRITER_ROLE), [admin, writer, keyWriter, nobody]],
      [op(OPS.GRANT_SPECIAL_WRITER_ROLE, { key: SPECIAL, account: x }), [admin, keyWriter]],
      [op(OPS.REVOKE_SPECIAL_WRITER_ROLE, { key: SPECIAL, account: x }), [admin]],
      [op(OPS.RENOUNCE_SPECIAL_WRITER_ROLE, { key: SPECIAL }), [admin, writer, keyWriter, nobody]],
    ];
    for (const [operation, allowed] of all) {
      for (const sender of [admin, writer, keyWriter, nobody]) {
        const text = textFor(sender, { ops: [operation] });
        const expected = allowed.includes(sender) ? "Commit" : "AccessControlPermissionDenied";
        expect(text.split(":", 1)[0], `${operation.type} by ${sender}`).to.equal(expected);
      }
    }
    expect(textFor(nobody, { ops: [op(OPS.GRANT_WRITER_ROLE, { account: x })] })).to.equal(
      `AccessControlPermissionDenied: operation: GRANT_WRITER_ROLE, stream: ${A}, key: NONE, account: ${x}`,
    );
  });

  it("keeps the last operation of a kind, an account and a key; nobody makes themselves admin", () => {
    const x = accountOf("x");
    const ops = [
      op(OPS.GRANT_WRITER_ROLE, { account: x }),
      op(OPS.REVOKE_WRITER_ROLE, { account: x }),
      op(OPS.RENOUNCE_ADMIN_ROLE),
      op(OPS.GRANT_ADMIN_ROLE, { account: admin }),
      op(OPS.GRANT_ADMIN_ROLE, { account: x }),
    ];
    const { rights } = judged(admin, { ops });
    expect(rights.map(({ type, account }) => [type, account])).to.deep.equal([
      [OPS.REVOKE_WRITER_ROLE, x],
      [OPS.RENOUNCE_ADMIN_ROLE, admin],
      [OPS.GRANT_ADMIN_ROLE, x],
    ]);
    expect(judged(nobody, { ops: [op(OPS.GRANT_ADMIN_ROLE, { account: nobody })] }).rights).to.deep.equal([]);
  });

  it("has no effect at all unless it commits", () => {
    const any = transactions([A, B], [admin, writer, keyWriter, nobody]);
    const property = fc.property(any, fc.constantFrom(admin, writer, keyWriter, nobody), (transaction, sender) => {
      const { result, writes, rights } = judged(sender, transaction, { "\u0001": 9 }, [A, B]);
      return result.code === "Commit" || writes.length + rights.length === 0;
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("leaves the DA stream's keys as they were first written", () => {
    const writes = [
      { key: keyOf("old"), at: 0, size: 1 },
      { key: keyOf("new"), at: 1, size: 1 },
    ];
    expect(onlyNew(view({ old: 3 }), writes).map(({ at }) => at)).to.deep.equal([1]);
  });
});

describe("the result of an entry of several streams", () => {
  it("is the common one, or the worst with its stream", () => {
    const results = (a: string, b: string) => [
      { stream: A, text: a },
      { stream: B, text: b },
    ];
    expect(commonResult([])).to.equal(undefined);
    expect(commonResult(results("Commit", "Commit"))).to.equal("Commit");
    expect(commonResult(results("Commit", "SenderNoWritePermission"))).to.equal(
      `SenderNoWritePermission: stream: ${B}`,
    );
    expect(commonResult(results("AwaitingData", "Commit"))).to.equal(`AwaitingData: stream: ${A}`);
    expect(commonResult(results("DataParseError: Invalid stream data", "Voided"))).to.equal(
      `DataParseError: Invalid stream data, stream: ${A}`,
    );
    const denied = `WritePermissionDenied: stream: ${A}, key: k`;
    expect(commonResult(results(denied, "Commit"))).to.equal(denied);
  });

  it("shows keys as 0G does", () => {
    const denied = (key: Uint8Array) => textOf({ code: "WritePermissionDenied", stream: A, key });
    expect(denied(keyOf("ü".repeat(40)))).to.equal(`WritePermissionDenied: stream: ${A}, key: ${"ü".repeat(32)}`);
    expect(denied(Uint8Array.of(97, 0, 27))).to.equal(`WritePermissionDenied: stream: ${A}, key: a\ufffd\ufffd`);
    expect(denied(Uint8Array.of(255))).to.equal(`WritePermissionDenied: stream: ${A}, key: UNKNOWN`);
  });
});
