import { expect } from "chai";
import type { Sqlite } from "../../../adapters/sqlite.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { MAX_SET_SIZE } from "../../../protocol/kv/limits.ts";
import { encodePayload } from "../../../protocol/kv/payload.ts";
import { tagsOfStreams } from "../../../protocol/kv/tags.ts";
import { createProve, type ProveDeps } from "../../../workers/kv/prove.ts";
import type { Peers } from "../../../workers/peers.ts";
import { tempDir } from "../../fakes/temp.ts";
import { accountOf, keyOf, LATEST, streamOf } from "../../protocol/kv/sample.ts";
import { type Available, hold, openNode, type Submitted, submitEvent, type TestNode } from "./node.ts";

const STREAM = streamOf("proved");
const entry = (content: Partial<Parameters<typeof encodePayload>[0]>): Submitted => ({
  sender: accountOf("prover"),
  tags: tagsOfStreams([STREAM]),
  payload: encodePayload({ version: LATEST, ...content }),
});
const write = { stream: STREAM, key: keyOf("k"), value: keyOf("v") };
const LOG = [
  entry({ reads: Array(MAX_SET_SIZE).fill({ stream: STREAM, key: keyOf("read") }), writes: [write] }),
  entry({ writes: [write] }),
];

describe("making a proof", () => {
  const dir = tempDir("kv-prove");
  let node: TestNode;
  before(async () => {
    const available: Available = new Map();
    for (const { payload } of LOG) hold(available, payload);
    node = await openNode(dir.path, available);
    await node.apply(...LOG.map((each, txSeq) => submitEvent(each, txSeq, txSeq + 1)));
    await node.settle();
  });
  after(() => {
    node.close();
    dir.remove();
  });

  const query = (version: number) => ({ stream: STREAM, key: keyOf("k"), version, start: 0, length: 1 });
  const chainOf = (root: () => Hex) =>
    ({ flow: { getFunction: () => async () => root() } }) as unknown as ProveDeps["chain"];
  const unasked: Pick<Peers, "ask"> = {
    ask: () => {
      throw new Error("asked");
    },
  };

  it("refuses a payload with a long head before it has read more than an answer holds", async () => {
    let read = 0;
    const get: Sqlite["get"] = (text, ...args) => {
      const row = node.db.sql.get(text, ...args);
      if (row?.part instanceof Uint8Array) read += row.part.length;
      return row;
    };
    const prove = createProve({
      db: { ...node.db, sql: { ...node.db.sql, get } },
      chain: chainOf(() => `0x${"00".repeat(32)}`),
      peers: unasked,
    });
    const why = await prove(query(0)).catch((error: { data?: string }) => error.data);
    expect(why).to.include("too long to be proved");
    expect(read).to.equal(2 ** 20);
  });
});
