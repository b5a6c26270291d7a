/** A storage node's binary API for files, small: honest unless its test twists an answer. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type EntryView, FileView } from "../../adapters/node-client.ts";
import { ERRORS, type ErrorCode, ZgError } from "../../protocol/errors.ts";
import {
  emptyRootOf,
  fileNodesOf,
  rootOfSegments,
  segmentBytes,
  segmentRootOf,
  segmentSectors,
  shapeOf,
} from "../../protocol/file.ts";
import { identityOf } from "../../protocol/flow.ts";
import { concat, type Hex } from "../../protocol/hex.ts";
import { SECTOR_BYTES, SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "../../protocol/params.ts";
import type { Shard } from "../../protocol/shard.ts";

export interface TestFile {
  readonly root: Hex;
  readonly length: number;
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly roots: Uint8Array;
  segment(index: number): Uint8Array;
}

/** Bytes that are never zero, another for each seed. */
export const testFile = (length: number, seed = 1, start = 0): TestFile => {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (x * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[i] = 1 + (x % 255);
  }
  const shape = shapeOf(length);
  const padded = new Uint8Array(Math.ceil(length / SECTOR_BYTES) * SECTOR_BYTES);
  padded.set(bytes);
  const segment = (i: number) => padded.slice(i * SEGMENT_BYTES, i * SEGMENT_BYTES + segmentBytes(shape, i));
  const roots = concat(
    ...Array.from({ length: shape.paddedSegments }, (_, i) =>
      i < shape.segments ? segmentRootOf(segment(i), segmentSectors(shape, i)) : emptyRootOf(shape, i),
    ),
  );
  return { root: rootOfSegments(roots, shape), length, start, bytes, roots, segment };
};

export interface FakeAnswer {
  status: number;
  body: Uint8Array;
}
/** null: no answer ever comes; "cut": the connection breaks in the middle of it. */
export type FileTwist = (path: string, honest: FakeAnswer) => FakeAnswer | null | "cut";

export interface FileNode {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  twist: FileTwist;
  shard: Shard;
  hold(...files: readonly TestFile[]): void;
  close(): Promise<void>;
}

export const refusing = (code: ErrorCode): FakeAnswer => ({
  status: ERRORS[code].http,
  body: Buffer.from(JSON.stringify(new ZgError(code, {}))),
});

export const startFileNode = async (): Promise<FileNode> => {
  const files = new Map<string, TestFile>();
  const server = createServer((request, response) => {
    const { url: path = "/", method } = request;
    request.resume();
    node.asked.push(`${method} ${path}`);
    let honest: FakeAnswer;
    try {
      honest = { status: 200, body: answer(path) };
    } catch (error) {
      honest = refusing(error instanceof ZgError ? error.code : "Internal");
    }
    send(response, node.twist(path, honest), honest);
  });
  const answer = (path: string): Uint8Array => {
    if (path === "/") return json({ jsonrpc: "2.0", id: 1, result: node.shard });
    const entry = /^\/entries\/(\d+)$/.exec(path);
    if (entry !== null) {
      const file = [...files.values()][Number(entry[1])];
      if (file === undefined) throw new ZgError("UnknownEntry");
      return json(entryOf(file, Number(entry[1])));
    }
    const [, root = "", rest = ""] = /^\/files\/(0x[0-9a-f]{64})([^?]*)/.exec(path) ?? [];
    const file = files.get(root);
    if (file === undefined) throw new ZgError("UnknownFile");
    if (rest === "") return json(viewOf(file, node.shard, [...files.values()].indexOf(file)));
    if (rest === "/roots") return file.roots;
    const index = Number(rest.split("/")[2]);
    const global = Math.floor(file.start / SECTORS_PER_SEGMENT) + index;
    if (global % node.shard.numShard !== node.shard.shardId) throw new ZgError("NotInShard");
    return file.segment(index);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node: FileNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    twist: (_, honest) => honest,
    shard: { shardId: 0, numShard: 1 },
    hold: (...held) => {
      for (const file of held) files.set(file.root, file);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return node;
};

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

const send = (response: ServerResponse, answer: FakeAnswer | null | "cut", honest: FakeAnswer): void => {
  if (answer === null) return;
  if (answer === "cut") {
    response.writeHead(200, { "content-length": honest.body.length });
    response.write(honest.body.subarray(0, honest.body.length / 2), () => response.destroy());
    return;
  }
  response.writeHead(answer.status, { "content-length": answer.body.length });
  response.end(answer.body);
};

const SENDER: Hex = `0x${"11".repeat(20)}`;

const viewOf = ({ root, length, start }: TestFile, shard: Shard, txSeq: number): FileView => {
  const { padded, segments } = shapeOf(length);
  const state = { finalized: true, pruned: false, cached: false, uploaded: segments, shard };
  const entry = { txSeq, entries: [txSeq], start, sender: SENDER, tags: "0x" as Hex, block: 7 };
  return FileView.parse({ root, length, sectors: padded, segments, ...state, ...entry });
};

const entryOf = ({ root, length, start, roots, segment }: TestFile, txSeq: number): EntryView => {
  const { padded, segments } = shapeOf(length);
  const nodes = fileNodesOf(shapeOf(length), roots, segment(segments - 1));
  const chain = { block: 7, transactionHash: `0x${"22".repeat(32)}` as Hex, sender: SENDER, tags: "0x" as Hex };
  const state = { state: "finalized" as const, pruned: false, uploaded: segments };
  return { txSeq, root, identity: identityOf(nodes), start, length, sectors: padded, nodes, ...chain, ...state };
};
