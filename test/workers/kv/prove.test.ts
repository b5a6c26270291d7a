import { expect } from "chai";
import type { Sqlite } from "../../../adapters/sqlite.ts";
import type { ZgError } from "../../../protocol/errors.ts";
import { levelsOf } from "../../../protocol/flowTree.ts";
import { concat, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { keccak, keccakText } from "../../../protocol/keccak.ts";
import { MAX_SET_SIZE } from "../../../protocol/kv/limits.ts";
import { encodePayload } from "../../../protocol/kv/payload.ts";
import { subtreeRootOf } from "../../../protocol/kv/proof.ts";
import { tagsOfStreams } from "../../../protocol/kv/tags.ts";
import { SECTOR_BYTES } from "../../../protocol/params.ts";
import type { Entry } from "../../../workers/chain-entry.ts";
import { findEntry } from "../../../workers/kv/entry.ts";
import { createProve, type ProveDeps } from "../../../workers/kv/prove.ts";
import type { Peers, Question } from "../../../workers/peers.ts";
import { rejection } from "../../fakes/errors.ts";
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
  const none = async (): Promise<void> => undefined;
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
    const why = await prove(query(0), none).catch((error: { data?: string }) => error.data);
    expect(why).to.include("too long to be proved");
    expect(read).to.equal(2 ** 20);
  });

  it("takes a proof of another root for no lie, and asks again when a reorg has moved the root", async () => {
    const data = new Uint8Array(SECTOR_BYTES);
    data.set((LOG[1] as Submitted).payload);
    const { start } = findEntry(node.db.sql, 1) as Entry;
    const siblings = Array.from({ length: levelsOf(start + 1) }, (_, level) => toHex(keccakText(`${level}`)));
    const path = siblings.map((_, level) => Math.floor(start / 2 ** level) % 2 === 0);
    const top = path.reduce((below, left, level) => {
      const sibling = fromHex(siblings[level] as Hex);
      return keccak(left ? concat(below, sibling) : concat(sibling, below));
    }, subtreeRootOf(data));
    const root = toHex(top);
    const proof = { lemma: [toHex(subtreeRootOf(data)), ...siblings, root], path };
    const codes: string[] = [];
    const peers = {
      ask: async <T>({ ask }: Question<T>, signal: AbortSignal): Promise<T> => {
        const sectorProof = async () => proof;
        try {
          return await ask({ sectorProof } as unknown as Parameters<typeof ask>[0], { signal });
        } catch (error) {
          codes.push((error as ZgError).code);
          throw error;
        }
      },
    };
    const roots: Hex[] = [`0x${"11".repeat(32)}`, root, root];
    const chain = chainOf(() => roots.shift() as Hex);
    const proved = await createProve({ db: node.db, chain, peers })(query(1), none);
    expect(proved?.entry.flowRoot).to.equal(root);
    expect(codes).to.deep.equal(["NotStored"]);
    // Nothing has moved: the failure stands.
    const still = createProve({ db: node.db, chain: chainOf(() => `0x${"11".repeat(32)}`), peers });
    await rejection(still(query(1), none), "NotStored");
    expect(codes).to.deep.equal(["NotStored", "NotStored"]);
  });
});
