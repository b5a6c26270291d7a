import { expect } from "chai";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import { createThrottle } from "../../adapters/throttle.ts";
import { shapeOf } from "../../protocol/file.ts";
import { concat } from "../../protocol/hex.ts";
import { SECTORS_PER_SEGMENT, SEGMENT_BYTES } from "../../protocol/params.ts";
import { openPeers, type PeersOptions } from "../../workers/peers.ts";
import { rejection } from "../fakes/errors.ts";
import { type FileNode, type FileTwist, refusing, startFileNode, type TestFile, testFile } from "../fakes/fileNode.ts";
import { until } from "../fakes/wait.ts";

const on =
  (part: string, twist: FileTwist): FileTwist =>
  (path, honest) =>
    path.includes(part) ? twist(path, honest) : honest;
const flipped: FileTwist = (_, { status, body }) => {
  const wrong = Uint8Array.from(body);
  wrong[wrong.length - 1] = (wrong[wrong.length - 1] as number) ^ 1;
  return { status, body: wrong };
};

describe("files from peers", () => {
  const file = testFile(3 * SEGMENT_BYTES + 1_000, 5, 4 * SECTORS_PER_SEGMENT);
  const small = testFile(300, 6);
  const { signal } = new AbortController();
  let client: HttpClient;
  let nodes: FileNode[];
  before(() => {
    client = openClient();
  });
  after(() => client.close());
  beforeEach(async () => {
    nodes = await Promise.all([startFileNode(), startFileNode(), startFileNode()]);
    for (const node of nodes) node.hold(file, small);
  });
  afterEach(() => Promise.all(nodes.map((node) => node.close())));

  const open = (options: Partial<PeersOptions> = {}) =>
    openPeers({ client, log: silentLog, urls: nodes.map(({ url }) => url), ...options });
  const readAll = async (peers: ReturnType<typeof open>, { root, length, start }: TestFile) => {
    const parts: Uint8Array[] = [];
    for await (const part of peers.read({ root, length, start }, signal)) parts.push(part);
    return concat(...parts);
  };
  const node = (i: number): FileNode => nodes[i] as FileNode;
  const segmentsAskedOf = (i: number) => node(i).asked.filter((path) => path.includes("/segments/"));

  it("reads files of every shape in order, without their padding", async () => {
    const peers = open();
    for (const length of [1, 255, 256, 257, 4_096, 262_143, 262_144, 262_145, 1_048_593, 5_000_001]) {
      const made = testFile(length, length);
      for (const each of nodes) each.hold(made);
      expect(Buffer.compare(await readAll(peers, made), made.bytes), String(length)).to.equal(0);
    }
    expect(peers.report().map(({ lied }) => lied)).to.deep.equal([0, 0, 0]);
  });

  it("asks nobody for the roots of a file whose length is more than anybody brings", async () => {
    const length = 2 ** 53 - 1;
    await rejection(open().roots({ root: file.root, length }, signal), "BadRequest");
    expect(nodes.flatMap(({ asked }) => asked)).to.deep.equal([]);
  });

  it("spreads a file over all peers", async () => {
    const long = testFile(12 * SEGMENT_BYTES, 9);
    for (const each of nodes) each.hold(long);
    await readAll(open(), long);
    for (const i of [0, 1, 2]) expect(segmentsAskedOf(i).length).to.be.within(2, 6);
  });

  const lies: readonly (readonly [string, FileTwist])[] = [
    ["a segment that does not hash to its root", on("/segments/", flipped)],
    ["a segment that is too short", on("/segments/", (_, { status, body }) => ({ status, body: body.subarray(1) }))],
    ["a segment that is too long", on("/segments/", (_, { status, body }) => ({ status, body: concat(body, body) }))],
    [
      "another segment of the same file",
      (path, honest) =>
        path.includes("/segments/")
          ? { status: 200, body: file.segment((Number(path.split("/")[4]?.[0]) + 1) % 3) }
          : honest,
    ],
    ["roots that do not give the file's", on("/roots", flipped)],
    ["too few roots", on("/roots", (_, { status, body }) => ({ status, body: body.subarray(32) }))],
  ];
  for (const [what, twist] of lies) {
    it(`drops and names a peer that sends ${what}`, async () => {
      node(1).twist = twist;
      const peers = open();
      for (let i = 0; i < 3; i++) expect(Buffer.compare(await readAll(peers, file), file.bytes)).to.equal(0);
      for (let i = 0; i < 3; i++) await peers.roots(file, signal);
      const [honest, liar] = [peers.report()[0], peers.report()[1]];
      expect([honest?.lied, honest?.codes]).to.deep.equal([0, {}]);
      // It may have been asked for several segments before its first answer was looked at.
      expect(liar?.url).to.equal(node(1).url);
      expect(liar?.lied).to.be.greaterThan(0);
      const before = node(1).asked.length;
      await readAll(peers, file);
      expect(node(1).asked.length).to.equal(before);
    });
  }

  it("drops and names a peer whose view of a file contradicts itself", async () => {
    node(0).twist = (path, honest) =>
      /\/files\/0x[0-9a-f]+(\?|$)/.test(path)
        ? {
            status: 200,
            body: Buffer.from(Buffer.from(honest.body).toString().replace('"segments":4', '"segments":5')),
          }
        : honest;
    const peers = open();
    const view = await peers.file(file.root, undefined, signal);
    expect([view?.length, view?.segments, view?.txSeq]).to.deep.equal([file.length, 4, 0]);
    expect(peers.report().map(({ lied }) => lied)).to.deep.equal([1, 0, 0]);
  });

  it("drops and names a peer whose entry does not have the root that it claims", async () => {
    node(0).twist = (_, honest) => ({
      status: 200,
      body: Buffer.from(Buffer.from(honest.body).toString().replace(file.root, small.root)),
    });
    const peers = open({ urls: [node(0).url, node(1).url] });
    expect((await peers.entry(0, signal))?.root).to.equal(file.root);
    expect(await peers.entry(77, signal)).to.equal(undefined);
    expect(peers.report()[0]).to.deep.include({ lied: 1, codes: { BadResponse: 1 } });
  });

  it("does not call a broken connection, or a word of something that is no node, a lie", async () => {
    node(0).twist = on("/segments/", () => "cut");
    node(1).twist = on("/segments/", () => ({ status: 502, body: Buffer.from("<html>") }));
    const peers = open();
    expect(Buffer.compare(await readAll(peers, file), file.bytes)).to.equal(0);
    expect(peers.report().map(({ lied }) => lied)).to.deep.equal([0, 0, 0]);
    expect(peers.report()[0]?.codes.BadResponse ?? peers.report()[0]?.codes.NodeDown).to.be.greaterThan(0);
  });

  it("does not call a peer's own words a lie, whatever they are", async () => {
    node(0).twist = on("/segments/", () => refusing("BadRequest"));
    node(1).twist = on("/segments/", () => refusing("ChainReverted"));
    const peers = open();
    expect(Buffer.compare(await readAll(peers, file), file.bytes)).to.equal(0);
    expect(peers.report().map(({ lied }) => lied)).to.deep.equal([0, 0, 0]);
    await rejection(open({ urls: [node(0).url] }).segment(file, 0, file.roots, signal), "BadRequest");
  });

  it("asks of each shard what it holds", async () => {
    node(0).shard = { shardId: 0, numShard: 2 };
    node(1).shard = { shardId: 1, numShard: 4 };
    node(2).shard = { shardId: 3, numShard: 4 };
    const peers = open();
    expect(Buffer.compare(await readAll(peers, file), file.bytes)).to.equal(0);
    const index = (i: number) => segmentsAskedOf(i).map((path) => Number(path.split("/")[4]?.split("?")[0]));
    expect([index(0).sort(), index(1), index(2)]).to.deep.equal([[0, 2], [1], [3]]);
    expect(peers.report().map(({ codes }) => codes)).to.deep.equal([{}, {}, {}]);
  });

  it("notices that a shard was halved, and asks the others", async () => {
    let time = 0;
    const peers = open({ now: () => time, urls: [node(0).url, node(1).url] });
    await readAll(peers, file);
    node(0).shard = { shardId: 1, numShard: 2 };
    time += 1;
    for (let i = 0; i < 4; i++) await readAll(peers, file);
    const counted = peers.report()[0]?.codes.NotInShard ?? 0;
    time += 10_000;
    for (let i = 0; i < 4; i++) await readAll(peers, file);
    expect(peers.report()[0]?.codes.NotInShard ?? 0).to.equal(counted);
    expect(counted).to.be.greaterThan(0);
  });

  it("asks someone else when a peer hangs, and lets go of it once there is an answer", async () => {
    node(0).twist = on("/segments/", () => null);
    node(1).twist = on("/segments/", () => null);
    const peers = open({ hedgeMs: 20 });
    const roots = await peers.roots(file, signal);
    const data = await peers.segment(file, 1, roots, signal);
    await peers.segment(file, 2, roots, signal);
    expect(Buffer.compare(data, file.segment(1))).to.equal(0);
    const slow = peers.report().map((report) => report.slow);
    expect([slow[2], Math.max(...slow)]).to.deep.equal([0, 1]);
  });

  it("asks a peer that lacks the file last, for a while", async () => {
    let time = 0;
    node(0).twist = on("/files/", () => refusing("UnknownFile"));
    const peers = open({ now: () => time, urls: [node(0).url, node(1).url], maxPerPeer: 1 });
    for (let i = 0; i < 3; i++) await readAll(peers, file);
    expect(peers.report()[0]?.codes.UnknownFile).to.equal(1);
    time += 5_001;
    await readAll(peers, file);
    expect(peers.report()[0]?.codes.UnknownFile).to.equal(2);
  });

  it("rests from a peer that is down, longer each time, and asks it again", async () => {
    let time = 0;
    node(0).twist = on("/segments/", () => refusing("Busy"));
    const peers = open({ now: () => time, urls: [node(0).url, node(1).url], maxPerPeer: 1 });
    const roots = await peers.roots(file, signal);
    const asks: number[] = [];
    for (; time < 5_000; time += 100) {
      await peers.segment(file, 0, roots, signal);
      asks.push(peers.report()[0]?.codes.Busy ?? 0);
    }
    expect(asks.at(-1)).to.be.within(3, 4);
    node(0).twist = (_, honest) => honest;
    time += 60_000;
    await Promise.all([0, 1].map((i) => peers.segment(file, i, roots, signal)));
    expect(segmentsAskedOf(0).length).to.be.greaterThan(asks.at(-1) as number);
  });

  it("says what is most telling when nobody has it", async () => {
    const codeFor = async (...codes: readonly Parameters<typeof refusing>[0][]) => {
      for (const [i, code] of codes.entries()) node(i).twist = on("/roots", () => refusing(code));
      return open().roots(file, signal);
    };
    await rejection(codeFor("UnknownFile", "UnknownFile", "UnknownFile"), "UnknownFile");
    await rejection(codeFor("UnknownFile", "Pruned", "UnknownFile"), "Pruned");
    await rejection(codeFor("Pruned", "NotStored", "UnknownFile"), "NotStored");
    await rejection(codeFor("Pruned", "NotStored", "Busy"), "Busy");
    await rejection(open({ urls: [] }).roots(file, signal), "NodeDown");
    const gone = nodes.map(({ url }) => url);
    await Promise.all(nodes.map((each) => each.close()));
    await rejection(open({ urls: gone }).roots(file, signal), "NodeDown");
    nodes = [];
  });

  it("never has more in flight to one peer than it may", async () => {
    let [inFlight, most] = [0, 0];
    const counting = {
      ...client,
      bytes: async (...args: Parameters<HttpClient["bytes"]>) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        return client.bytes(...args).finally(() => {
          inFlight -= 1;
        });
      },
    };
    const peers = open({ client: counting, maxPerPeer: 2, urls: [node(0).url] });
    const roots = await peers.roots(file, signal);
    await Promise.all(Array.from({ length: 40 }, (_, i) => peers.segment(file, i % 4, roots, signal)));
    expect(most).to.equal(2);
  });

  it("keeps to a throttle, whose turn nobody is blamed for", async () => {
    let time = 0;
    const waiting: { at: number; call: () => void }[] = [];
    const clock = {
      now: () => time,
      after: (ms: number, call: () => void) => {
        waiting.push({ at: time + ms, call });
        return () => undefined;
      },
    };
    const throttle = createThrottle(SEGMENT_BYTES, clock);
    const peers = open({ throttle, hedgeMs: 100 });
    const roots = await peers.roots(file, signal);
    const asked = [0, 1, 2].map((i) => peers.segment(file, i, roots, signal));
    await until("two segments wait for their turn", () => waiting.length >= 2);
    // Longer than a hedge: who waits for the throttle is not late, and nobody else is asked.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(waiting.length).to.be.at.most(3);
    time += 10_000;
    for (const { call } of waiting.splice(0)) call();
    await Promise.all(asked);
    expect(nodes.reduce((sum, _, i) => sum + segmentsAskedOf(i).length, 0)).to.equal(3);
  });

  it("stops at once when it is told to, and when its reader has had enough", async () => {
    for (const each of nodes) each.twist = on("/segments/2", () => null);
    const stop = new AbortController();
    const peers = open();
    const roots = await peers.roots(file, signal);
    const asking = peers.segment(file, 2, roots, stop.signal);
    await until("it is asked for", () => nodes.some((_, i) => segmentsAskedOf(i).length > 0));
    stop.abort();
    await rejection(asking, "Stopping");
    for await (const part of peers.read(file, signal)) {
      expect(part.length).to.equal(SEGMENT_BYTES);
      break;
    }
    expect(peers.report().map(({ lied }) => lied)).to.deep.equal([0, 0, 0]);
  });

  it("does not wait for a peer that never says what it holds, once another has", async () => {
    node(0).twist = on("/files/", () => null);
    const peers = open({ hedgeMs: 30 });
    const began = performance.now();
    expect((await peers.file(file.root, undefined, signal))?.length).to.equal(file.length);
    expect(performance.now() - began).to.be.below(2_000);
    expect(peers.report().map(({ slow }) => slow)).to.deep.equal([1, 0, 0]);
  });

  it("tells who holds what", async () => {
    node(2).twist = on("/files/", () => refusing("UnknownFile"));
    const peers = open();
    const views = await peers.files(file.root, file.length, signal);
    expect(views.map(({ url }) => url).sort()).to.deep.equal([node(0).url, node(1).url].sort());
    expect((await peers.file(small.root, small.length, signal))?.sectors).to.equal(shapeOf(small.length).padded);
    expect(await peers.file(`0x${"00".repeat(32)}`, undefined, signal)).to.equal(undefined);
  });
});
