import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { expect } from "chai";
import { Interface, id } from "ethers";
import { abiOf } from "../../adapters/abi.ts";
import { openChain } from "../../adapters/chain.ts";
import { plain } from "../../adapters/chain-events.ts";
import { rpcShapes } from "../../adapters/chain-shapes.ts";
import { silentLog } from "../../adapters/log.ts";
import { checkNetwork } from "../../adapters/network.ts";
import { openRpc, RpcError } from "../../adapters/rpc.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { type BareChain, CONTRACTS, REFUSES, startBareChain } from "../fakes/bareChain.ts";
import { rejection } from "../fakes/errors.ts";

const NOBODY: Hex = `0x${"de".repeat(20)}`;

describe("chain", () => {
  let bare: BareChain;
  before(async function () {
    this.timeout(30_000);
    bare = await startBareChain(2);
  });
  after(() => bare.stop());
  const options = () => ({ rpc: bare.anvil.url, chainId: bare.anvil.chainId, contracts: CONTRACTS, log: silentLog });

  it("refuses at the start what is not the chain it was told of", async () => {
    const wrong = await rejection(openChain({ ...options(), chainId: 1 }), "WrongChain");
    expect(wrong.fields).to.deep.equal({ expected: 1, actual: bare.anvil.chainId });
    const contracts = { ...CONTRACTS, DAEntrance: NOBODY };
    const empty = await rejection(openChain({ ...options(), contracts }), "NoCode");
    expect(empty.fields).to.deep.equal({ contract: "DAEntrance", address: NOBODY });
    await rejection(openChain({ ...options(), rpc: "http://127.0.0.1:9" }), "ChainUnreachable");
  });

  it("names a stale network by what is wrong with it", async () => {
    const network = {
      ...options(),
      fromBlock: 0,
      finality: 2,
      redis: "unix:///x",
      bucket: "file:///x",
      disperser: "http://127.0.0.1:1",
      storageNodes: [],
      validators: [],
      kvNodes: [],
      miners: [],
    };
    await checkNetwork(network);
    const stale = async (over: object): Promise<unknown> =>
      (await rejection(checkNetwork({ ...network, ...over }), "StaleNetwork")).fields.why;
    expect(await stale({ rpc: "http://127.0.0.1:9" })).to.equal("ChainUnreachable");
    expect(await stale({ chainId: 5 })).to.equal("WrongChain");
    expect(await stale({ contracts: { ...CONTRACTS, Flow: NOBODY } })).to.equal("NoCode");
  });

  it("knows head, finality and headers", async () => {
    const { chain, anvil } = bare;
    await anvil.mine(3);
    const head = await chain.head();
    expect(await chain.finalized()).to.equal(head - 2);
    const latest = await chain.header("latest");
    expect(latest?.number).to.equal(head);
    expect((await chain.header(head - 1))?.hash).to.equal(latest?.parentHash);
    expect((await chain.header(latest?.parentHash as Hex))?.number).to.equal(head - 1);
    expect(await chain.header(head + 1)).to.equal(null);
    expect(await chain.receipt(`0x${"00".repeat(32)}`)).to.equal(null);
  });

  it("names the contract's error and its arguments, however it arrives", async () => {
    const { chain } = bare;
    const call = { from: NOBODY, to: REFUSES, data: "0x", value: 0n };
    const estimated = await rejection(chain.estimate(call), "ChainReverted");
    expect(estimated.fields).to.deep.equal({ error: "NothingToWithdraw", account: `0x${"0".repeat(39)}7` });
    const thrown = await chain.provider.call({ to: REFUSES, data: "0x" }).catch((error: unknown) => error);
    expect(chain.errorOf(thrown).fields.error).to.equal("NothingToWithdraw");
    const text = new Interface(["error Error(string reason)"]).encodeErrorResult("Error", ["no"]);
    expect(chain.errorOf(new RpcError("eth_call", 3, "execution reverted", text)).fields).to.include({ reason: "no" });
    expect(chain.errorOf(new RpcError("eth_call", 3, "execution reverted", "0xdeadbeef")).fields.error).to.equal(
      "0xdeadbeef",
    );
    expect(chain.errorOf(new RpcError("eth_call", -32000, "header not found", undefined)).code).to.equal(
      "ChainUnreachable",
    );
    expect(chain.errorOf(new ZgError("WrongChain")).code).to.equal("WrongChain");
  });

  it("decodes events of our contracts, and only those", async () => {
    const entrance = abiOf("DAEntrance");
    const batchId = id("batch");
    const event = entrance.getEvent("BatchFailed");
    if (event === null) throw new Error("no such event");
    const { topics, data } = entrance.encodeEventLog(event, [batchId]);
    const [log] = rpcShapes.logs([
      {
        address: CONTRACTS.DAEntrance,
        topics,
        data,
        blockNumber: "0x10",
        blockHash: id("block"),
        transactionHash: id("tx"),
        transactionIndex: "0x1",
        logIndex: "0x2",
      },
    ]);
    if (log === undefined) throw new Error("no log");
    const decoded = bare.chain.decode(log);
    expect(decoded).to.deep.include({
      contract: "DAEntrance",
      name: "BatchFailed",
      args: { batchId },
      blockNumber: 16,
    });
    expect(bare.chain.decode({ ...log, address: NOBODY })).to.equal(null);
    expect(bare.chain.decode({ ...log, topics: [id("other") as Hex] })).to.equal(null);
  });

  it("turns the decoder's tuples into plain data", () => {
    const abi = new Interface(["function f(tuple(uint256 a, tuple(bool b)[] c) s, uint8[] d)"]);
    const encoded = abi.encodeFunctionData("f", [{ a: 1n, c: [{ b: true }] }, [1, 2]]);
    expect(plain(abi.decodeFunctionData("f", encoded))).to.deep.equal({ s: { a: 1n, c: [{ b: true }] }, d: [1n, 2n] });
  });
});

describe("rpc", () => {
  let server: Server;
  let url: string;
  let reply: (id: unknown) => { status?: number; body: string };
  before(async () => {
    server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      const { status = 200, body } = reply(JSON.parse(text).id);
      response.writeHead(status).end(body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/secret-key`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("believes only answers that are answers (A45)", async () => {
    const rpc = openRpc({ url, timeoutMs: 500 });
    const answers = [
      "<html>rate limited</html>",
      "",
      "[]",
      "null",
      '{"jsonrpc":"2.0","id":-1,"result":"0x1"}',
      '{"id":1}',
    ];
    for (const body of answers) {
      reply = () => ({ body });
      const error = await rejection(rpc.call("eth_chainId", []), "BadResponse");
      expect(JSON.stringify(error), "keys of providers stay out of errors").to.not.contain("secret-key");
    }
    reply = () => ({ status: 429, body: "slow down" });
    await rejection(rpc.call("eth_chainId", []), "BadResponse");
    reply = (request) => ({
      body: JSON.stringify({ id: request, error: { code: -32000, message: "no", data: "0x" } }),
    });
    const refused = await rpc.call("eth_call", []).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(RpcError);
    reply = (request) => ({ body: JSON.stringify({ id: request, result: null }) });
    expect(await rpc.call("eth_getBlockByNumber", [])).to.equal(null);
    rpc.close();
  });

  it("turns to the next node when one does not answer (A45)", async () => {
    const rpc = openRpc({ url: ["http://127.0.0.1:9", url], timeoutMs: 500 });
    reply = (request) => ({ body: JSON.stringify({ id: request, result: "0x7" }) });
    expect(await rpc.call("eth_blockNumber", [])).to.equal("0x7");
    rpc.close();
  });

  it("refuses numbers that are none", () => {
    for (const bad of ["", "0x", "7", 7, null, "0x1g", `0x${"f".repeat(65)}`]) {
      expect(() => rpcShapes.quantity(bad), String(bad)).to.throw(ZgError);
    }
    expect(() => rpcShapes.quantity("0x20000000000000")).to.throw(ZgError);
    expect(rpcShapes.quantity("0x1fffffffffffff")).to.equal(Number.MAX_SAFE_INTEGER);
    for (const bad of [{}, [{}], [{ address: "0x" }], "x"]) expect(() => rpcShapes.logs(bad)).to.throw(ZgError);
  });
});
