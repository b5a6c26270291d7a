import { Indexer } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import { z } from "zod";
import { createAnswers } from "../../../adapters/answers.ts";
import { createBodies } from "../../../adapters/body.ts";
import { createHttp, type Http, listenHttp } from "../../../adapters/http.ts";
import { type HttpClient, openClient } from "../../../adapters/http-client.ts";
import { createRpc, rpcMethod } from "../../../adapters/jsonrpc.ts";
import { silentLog } from "../../../adapters/log.ts";
import { createMetrics } from "../../../adapters/metrics.ts";
import { serveRpc } from "../../../adapters/rpc-http.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { createAsk } from "../../../workers/indexer/ask.ts";
import { createIndexerHttp } from "../../../workers/indexer/http.ts";
import { createLocations } from "../../../workers/indexer/locations.ts";
import { createNodes, type Nodes } from "../../../workers/indexer/nodes.ts";

const FLOW = "0xC3E65FbDF2ED43a6cF2C1d24F47FBe4a6Ba5C8eb";
const CHAIN = 31_337;
const ROOT: Hex = `0x${"ab".repeat(32)}`;

/** The answers of a storage node that an indexer asks for. */
class Node {
  status: unknown = { nextTxSeq: 3, networkIdentity: { chainId: CHAIN, flowAddress: FLOW.toLowerCase() } };
  shard: unknown = { shardId: 0, numShard: 1 };
  info: unknown = null;
  /** Calls of getFileInfo. */
  asked = 0;
  url = "";
  app: Http = createHttp({ name: "node", log: silentLog, bodyLimit: 1_000 });
  async start(port = 0): Promise<this> {
    const rpc = createRpc(
      {
        zgs_getStatus: rpcMethod({}, () => this.status),
        zgs_getShardConfig: rpcMethod({}, () => this.shard),
        zgs_getFileInfo: rpcMethod({ root: z.unknown(), needAvailable: z.literal(true) }, () => {
          this.asked += 1;
          return this.info;
        }),
      },
      { log: silentLog },
    );
    serveRpc(this.app, { rpc, bodies: createBodies(1e6), answers: createAnswers(1e6), limit: 10_000 });
    this.url = await listenHttp(this.app, { port });
    return this;
  }
}

describe("an indexer", () => {
  let nodes: Node[];
  let known: Nodes;
  let app: Http;
  let client: HttpClient;
  let indexer: Indexer;
  let time = 1_000_000;
  const signal = new AbortController().signal;

  beforeEach(async () => {
    nodes = await Promise.all([new Node().start(), new Node().start(), new Node().start()]);
    client = openClient({ deadlineMs: 300 });
    const ask = createAsk(client, 300);
    known = createNodes({
      ...{ ask, urls: nodes.map(({ url }) => url), chainId: CHAIN, flow: FLOW },
      ...{ now: () => time, log: silentLog },
    });
    const locations = createLocations({ ask, nodes: known, now: () => time });
    const state = () => ({ nodes: known.report() });
    app = createIndexerHttp({ log: silentLog, nodes: known, locations, state, metrics: createMetrics("test") });
    indexer = new Indexer(await listenHttp(app, { port: 0 }));
  });
  afterEach(async () => {
    client.close();
    await Promise.all([app.close(), ...nodes.map((node) => node.app.close())]);
  });
  const at = (index: number): Node => nodes[index] as Node;

  it("names the nodes that answer, with their shards, as 0G's client selects them", async () => {
    at(0).shard = { shardId: 0, numShard: 2 };
    at(1).shard = { shardId: 1, numShard: 2 };
    await at(2).app.close();
    await known.poll(signal);
    const { trusted, discovered } = await indexer.getShardedNodes();
    expect(discovered).to.deep.equal([]);
    expect(trusted.map(({ url, config }) => [url, config])).to.deep.equal([
      [at(0).url, { shardId: 0, numShard: 2 }],
      [at(1).url, { shardId: 1, numShard: 2 }],
    ]);
    for (const { latency, since } of trusted) {
      expect(latency).to.be.within(1, 300);
      expect(since).to.equal(1_000);
    }
    const [selected, error] = await indexer.selectNodes(1);
    expect(error).to.equal(null);
    expect(selected.map(({ url }) => url)).to.deep.equal([at(0).url, at(1).url]);
    expect(await indexer.getNodeLocations()).to.deep.equal({});
  });

  it("forgets a node that stays silent, and finds it again", async () => {
    await known.poll(signal);
    const { app: first, url } = at(0);
    await first.close();
    for (let i = 0; i < 2; i++) {
      await known.poll(signal);
      expect(known.list()).to.have.length(3);
    }
    await known.poll(signal);
    expect(known.list().map((node) => node.url)).not.to.include(url);
    nodes[0] = await new Node().start(Number(new URL(url).port));
    await known.poll(signal);
    expect(known.list().map((node) => node.url)).to.include(url);
  });

  it("names no node of another network, nor one that answers nonsense", async () => {
    at(0).status = { nextTxSeq: 3, networkIdentity: { chainId: 1, flowAddress: FLOW } };
    at(1).shard = { shardId: 3, numShard: 3 };
    await known.poll(signal);
    expect(known.list().map(({ url }) => url)).to.deep.equal([at(2).url]);
    const report = known.report();
    expect(report[0]?.why).to.include("another network");
    expect(report[1]?.why).to.equal("BadResponse");
    expect(report[2]).to.deep.include({ state: "up", nextTxSeq: 3 });
  });

  it("finds who has a file, asks each once, and asks again after a while", async () => {
    await known.poll(signal);
    expect(await indexer.getFileLocations(ROOT)).to.deep.equal([]);
    at(1).info = { finalized: true, tx: {} };
    at(2).info = { finalized: false, tx: {} };
    expect(await indexer.getFileLocations(ROOT)).to.deep.equal([]);
    expect(at(1).asked).to.equal(1);
    time += 600;
    const found = await Promise.all(Array.from({ length: 10 }, () => indexer.getFileLocations(ROOT)));
    for (const locations of found) expect(locations.map(({ url }) => url)).to.deep.equal([at(1).url]);
    expect(at(1).asked).to.equal(2);
    for (const node of nodes) node.info = { finalized: true };
    time += 600;
    expect(await indexer.getFileLocations(ROOT)).to.have.length(3);
    time += 9_000;
    await indexer.getFileLocations(ROOT);
    expect(at(1).asked).to.equal(3);
    // A node that has gone is not named, whatever was found before.
    await at(1).app.close();
    for (let i = 0; i < 3; i++) await known.poll(signal);
    expect(await indexer.getFileLocations(ROOT)).to.have.length(2);
  });

  it("says in 0G's shape what is wrong with a question", async () => {
    const error = (await indexer.getFileLocations("0x12").catch((reason: unknown) => reason)) as Error & {
      code: number;
    };
    expect(error.message).to.equal("Invalid params: root");
    expect(error.code).to.equal(-32602);
  });
});
