/** Requests that were right before somebody changed them: whatever comes, the node answers in its own words and goes on. */
import { Agent, request } from "node:http";
import { expect } from "chai";
import { silentLog } from "../../../adapters/log.ts";
import { type FilesNode, openFilesNode, testFile, withProof } from "./files.ts";

const REQUESTS = 10_000;
const AT_ONCE = 16;

/** mulberry32: the same requests at every run. */
const randomFrom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};
type Random = ReturnType<typeof randomFrom>;

/** What strangers put where something else should be. */
const HOSTILE: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, 0.1, "", "0", "0x", "-1", "null"],
  ...[[], {}, [[]], [null], { length: 1e9 }, { toString: 1 }, { ["__proto__"]: {} }, JSON.parse('{"then":1}')],
  ...[`0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`, `0x${"f".repeat(63)}`, "\u0000", "\ud800", "A".repeat(2_000)],
  ...["AAAA", "AA==", "=".repeat(1_100), "__proto__", "constructor", "../../etc/passwd", "é".repeat(600), "\\", '"'],
  Array.from({ length: 200 }, (_, i) => i),
];

/** Replaces, removes, doubles or moves one thing somewhere in a value. */
const changed = (value: unknown, random: Random): unknown => {
  const deeper = typeof value === "object" && value !== null && Object.keys(value).length > 0 && random(4) > 0;
  if (!deeper) return random(5) === 0 ? [value, value] : HOSTILE[random(HOSTILE.length)];
  if (Array.isArray(value)) {
    const [copy, at] = [[...value], random(value.length)];
    const what = random(8);
    if (what === 0) copy.splice(at, 1);
    else if (what === 1) copy.splice(at, 0, copy[random(copy.length)]);
    else if (what === 2) copy.reverse();
    else copy[at] = changed(copy[at], random);
    return copy;
  }
  const entries = Object.entries(value);
  const [key, inner] = entries[random(entries.length)] as [string, unknown];
  const what = random(8);
  if (what === 0) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (what === 1) return { ...value, [key]: entries[random(entries.length)]?.[1] };
  if (what === 2) return { ...value, [`${key}_`]: inner, ["__proto__"]: { [key]: inner } };
  return { ...value, [key]: changed(inner, random) };
};

/** Some bytes of the text are others, gone, or there twice. */
const garbled = (text: Buffer, random: Random): Buffer => {
  let bytes = Buffer.from(text);
  for (let times = 1 + random(4); times > 0 && bytes.length > 0; times--) {
    const at = random(bytes.length);
    const what = random(4);
    if (what === 0) bytes[at] = random(256);
    else if (what === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(20))]);
    else if (what === 2) bytes = bytes.subarray(0, at);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(at + 1))]);
  }
  return bytes;
};

describe("mutated requests to a storage node", function () {
  this.timeout(60_000);
  const [kept, file, early] = [testFile(600_001, 1), testFile(3_000, 2), testFile(1_500, 3)];
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const errors: unknown[] = [];
  const log = Object.assign(Object.create(silentLog), {
    error: (about: unknown) => errors.push(about),
  }) as typeof silentLog;
  let node: FilesNode;
  before(async () => {
    node = await openFilesNode({ log });
    await node.append([kept, file]);
    await node.fill(kept);
  });
  after(async () => {
    agent.destroy();
    await node.close();
  });

  const send = (body: Buffer): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": body.length };
      const sent = request(node.url, { method: "POST", agent, headers });
      sent.on("error", reject).on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.end(body);
    });

  it(`${REQUESTS} of them: no crash, no 500, nothing stored that is not what it says`, async () => {
    const segment = withProof(kept, 1);
    const root = kept.root;
    const right: readonly [method: string, params: readonly unknown[]][] = [
      ["zgs_getStatus", []],
      ["zgs_getShardConfig", []],
      ["zgs_getFlowContext", []],
      ["zgs_getFileInfo", [root, true]],
      ["zgs_getFileInfoByTxSeq", [0]],
      ["zgs_checkFileFinalized", [root]],
      ["zgs_checkFileFinalized", [1]],
      ["zgs_downloadSegment", [root, 0, 3]],
      ["zgs_downloadSegmentByTxSeq", [0, 2_340, 2_344]],
      ["zgs_downloadSegmentWithProof", [root, 2]],
      ["zgs_downloadSegmentWithProofByTxSeq", [1, 0]],
      ["zgs_getSectorProof", [5, null]],
      ["zgs_getSectorProof", [1_030, node.store.tip().root]],
      ["zgs_uploadSegment", [withProof(file, 0)]],
      ["zgs_uploadSegmentByTxSeq", [withProof(file, 0), 1]],
      ["zgs_uploadSegments", [[withProof(early, 0), withProof(file, 0)]]],
      ["zgs_uploadSegmentsByTxSeq", [[{ ...segment, data: segment.data.slice(0, 4_000) }], 0]],
    ];
    const random = randomFrom(0x0_600_0003);
    const next = (): Buffer => {
      const [method, params] = right[random(right.length)] as (typeof right)[number];
      const call = { jsonrpc: "2.0", id: random(1_000), method, params };
      const batch = random(20) === 0 ? [call, changed(call, random), call] : call;
      const value = random(3) === 0 ? batch : changed(batch, random);
      const text = Buffer.from(JSON.stringify(value) ?? "");
      return random(3) === 0 ? garbled(text, random) : text;
    };
    const codes = new Map<string, number>();
    const check = (answer: unknown): void => {
      expect(answer).to.be.an("object").that.includes({ jsonrpc: "2.0" });
      const { error } = answer as { error?: { code: number; message: string; data?: unknown } };
      const code = error === undefined ? "result" : String(error.code);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (error === undefined) return;
      expect(error.message).to.be.a("string");
      expect(error.data ?? "", JSON.stringify(error))
        .to.be.a("string")
        .and.not.equal("the log has the reason");
    };
    let sent = 0;
    const sender = async (): Promise<void> => {
      while (sent < REQUESTS) {
        sent += 1;
        const body = next();
        const { status, text } = await send(body);
        expect(status, body.toString().slice(0, 500)).to.equal(200);
        const answer: unknown = JSON.parse(text);
        for (const each of Array.isArray(answer) ? answer : [answer]) check(each);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));

    expect(errors, JSON.stringify(errors[0])).to.deep.equal([]);
    // The requests reach everything: parsing, shapes, methods, parameters, the store.
    for (const code of ["result", "-32700", "-32600", "-32601", "-32602", "-32603", "-32000"])
      expect(codes.get(code) ?? 0, `${code} of ${JSON.stringify([...codes])}`).to.be.at.least(1);
    // What is on the disk is what its roots say, and only of files that somebody really sent.
    const { segments } = node.store.held("", 1_000);
    expect(new Set(segments.map((held) => held.root))).to.deep.equal(new Set([root, file.root, early.root]));
    for (const held of segments) expect(await node.store.check(held)).to.equal(true);
    for (let index = 0; index < 3; index++)
      expect(Buffer.compare(await node.store.segment(kept, index), kept.segment(index))).to.equal(0);
    expect(node.store.info(1)?.state).to.equal("finalized");
  });
});
