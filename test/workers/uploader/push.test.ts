import { expect } from "chai";
import type { NodeClient } from "../../../adapters/node-client.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { shapeOf } from "../../../protocol/file.ts";
import type { Shard } from "../../../protocol/shard.ts";
import { pushFile } from "../../../workers/uploader/push.ts";
import { testFile } from "../../fakes/fileNode.ts";

const file = { ...testFile(4 * 262_144, 1, 1_024), txSeq: 3 };
const whole: Shard = { shardId: 0, numShard: 1 };
const all = [0, 1, 2, 3];

/** A node that has an entry of the file in whatever state it says, and one of ours that it has all of when it has `wanted`. */
const startNode = (wanted: readonly number[] = all) => {
  const taken: number[] = [];
  const seen = { entries: [file.txSeq], root: file.root };
  const { root, start, length } = file;
  const node = {
    url: "http://a",
    shard: async () => whole,
    file: async () => ({ root, length, txSeq: 1, entries: [1, 3], start: 0, finalized: true, shard: whole }),
    entry: async (txSeq: number) => {
      if (!seen.entries.includes(txSeq)) throw new ZgError("UnknownEntry", { txSeq });
      const state = wanted.every((index) => taken.includes(index)) ? "finalized" : "pending";
      return { txSeq, root: seen.root, start, length, state };
    },
    putRoots: async () => undefined,
    putSegment: async (_root: string, _length: number, index: number) => void taken.push(index),
  } as unknown as NodeClient;
  return { node, taken, seen };
};

describe("a file's data on its way to one node", () => {
  const run = (node: NodeClient, acknowledged: readonly number[] = []) =>
    pushFile({
      ...{ node, parallel: 2, signal: new AbortController().signal, patienceMs: 200 },
      file: { ...file, shape: shapeOf(file.length), segment: async (index) => file.segment(index) },
      store: {
        acknowledged: async () => Uint8Array.of(acknowledged.reduce((bits, index) => bits | (1 << index), 0)),
        setAcknowledged: async () => undefined,
      },
    });
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: ZgError) => error.code,
    );

  it("is sent where another entry of the same file is whole, and ours is not", async () => {
    const { node, taken } = startNode();
    await run(node);
    expect(taken).to.have.members(all);
  });

  it("is not sent where our entry is whole", async () => {
    const { node, taken } = startNode([]);
    await run(node);
    expect(taken).to.deep.equal([]);
  });

  it("is sent again where the node has less than it acknowledged, and refused when that does not help", async () => {
    const { node, taken } = startNode();
    await run(node, [0, 1]);
    expect(taken.sort()).to.deep.equal([0, 1, 2, 2, 3, 3]);
    expect(await codeOf(run(startNode([9]).node))).to.equal("NotStored");
  });

  it("waits for our entry, and takes no other in its place", async () => {
    const late = startNode();
    late.seen.entries = [];
    const waiting = run(late.node);
    late.seen.entries = [file.txSeq];
    await waiting;
    const other = startNode();
    other.seen.root = testFile(5, 2).root;
    expect(await codeOf(run(other.node))).to.equal("UnknownEntry");
    expect(other.taken).to.deep.equal([]);
  });
});
