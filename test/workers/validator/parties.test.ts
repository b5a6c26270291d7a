/** Storage nodes and a validator as they are started, over HTTP and a real Redis; only the chain is the test's own. */

import { join } from "node:path";
import { expect } from "chai";
import { openKey, verifySignature } from "../../../adapters/bls.ts";
import { type HttpClient, openClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import type { NetworkJson } from "../../../adapters/network.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type BlobHeader, blobKeyOf } from "../../../protocol/header.ts";
import type { Hex } from "../../../protocol/hex.ts";
import type { Context, Running } from "../../../workers/context.ts";
import { startStorage } from "../../../workers/storage/index.ts";
import { startValidator } from "../../../workers/validator/index.ts";
import { rejection } from "../../fakes/errors.ts";
import { startTestRedis, type TestRedis } from "../../fakes/redis.ts";
import { tempDir } from "../../fakes/temp.ts";
import { until } from "../../fakes/wait.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { honest, wrongProof } from "../batches.ts";
import { confirmedEvent, EPOCH, entryEvents, type FakeChain, fakeChain, submittedEvent } from "../fake-chain.ts";
import { allHalves, frame, halves, type Stored } from "../stored.ts";
import { messageOf, SECRET } from "./validator.ts";

const WALLET: Hex = `0x${"42".repeat(32)}`;
const bls = openKey(SECRET);

describe("nodes and validator as parties of a network", function () {
  this.timeout(90_000);
  let redis: TestRedis;
  let good: Stored;
  let fake: FakeChain;
  let context: Context;
  let client: HttpClient;
  const dir = tempDir("parties");
  const running = new Map<string, Running>();
  let round = 0;
  const id = (stored = good) => stored.batch.facts.batchId;
  const urlOf = (name: string) => running.get(name)?.url as string;
  const json = async (name: string, path: string) => {
    const bytes = await client.bytes(`${urlOf(name)}${path}`, { maxBytes: 100_000 });
    return JSON.parse(Buffer.from(bytes).toString());
  };
  const place = (name: string) => ({
    ...{ name: `${name}-of-${round}`, dir: join(dir.path, `${round}`, name), redis: redis.url },
    port: Number(new URL(running.get(name)?.url ?? "http://a:0").port || 0),
  });
  const startNode = async (name: string) => running.set(name, await startStorage(context, place(name)));
  const start = async (name: string): Promise<void> => {
    if (name !== "validator") await startNode(name);
    else running.set(name, await startValidator(context, { ...place(name), wallet: WALLET, bls: SECRET }));
  };
  const stop = async (name: string): Promise<void> => running.get(name)?.stop();
  const submit = async (stored = good): Promise<void> => {
    fake.mine(submittedEvent(stored.batch));
    for (const name of ["a", "b"]) {
      await until(
        `${name} sees the batch`,
        async () => (await json(name, `/batches/${id(stored)}`)).state !== "unknown",
      );
    }
  };
  const put = async (name: string, path: string, body: Uint8Array) =>
    client.bytes(`${urlOf(name)}/batches/${path}`, { method: "PUT", body, maxBytes: 4_096 });
  const upload = async (name: string, stored = good): Promise<void> => {
    await put(name, `${id(stored)}/metadata`, stored.batch.bytes);
    await put(name, `${id(stored)}/rows/0`, allHalves(stored));
  };
  const stage = (name: string, stored = good) =>
    client.bytes(`${urlOf(name)}/batches/${id(stored)}/stage`, { method: "POST", maxBytes: 4_096 });
  const attestation = async (stored = good): Promise<Record<string, unknown> | ZgError> => {
    try {
      return await json("validator", `/batches/${id(stored)}/attestation`);
    } catch (error) {
      if (error instanceof ZgError) return error;
      throw error;
    }
  };
  const signature = async (stored = good): Promise<Record<string, unknown>> => {
    await until("the validator signs", async () => !((await attestation(stored)) instanceof ZgError));
    return (await attestation(stored)) as Record<string, unknown>;
  };

  before(async () => {
    redis = await startTestRedis();
    client = openClient();
    good = await honest();
  });
  beforeEach(async () => {
    round += 1;
    fake = fakeChain([{ publicKey: bls.publicKey, from: 0 }]);
    const timing = { confirmations: 1, samples: 40, pollMs: 5, batchMs: 1, graceMs: 1, reconcileMs: 50 };
    const storageNodes: string[] = [];
    const network = { fromBlock: 0, storageNodes, validators: [], chainId: 31_337, contracts: fake.chain.addresses };
    context = {
      ...{ chain: fake.chain, compute: await sharedCompute(), log: silentLog, timing },
      network: network as unknown as NetworkJson,
    };
    for (const name of ["a", "b"]) {
      await start(name);
      storageNodes.push(urlOf(name));
    }
    await start("validator");
  });
  afterEach(async () => {
    for (const name of ["validator", "b", "a"]) await stop(name);
    running.clear();
  });
  after(async () => {
    client.close();
    await redis.stop();
    dir.remove();
  });

  it("a batch: seen, uploaded, staged, sampled, signed, confirmed, settled, read back", async () => {
    await rejection(put("a", `${id()}/metadata`, good.batch.bytes), "UnknownBatch");
    await submit();
    expect(await attestation())
      .to.be.instanceOf(ZgError)
      .and.to.include({ code: "NotSampled" });
    for (const name of ["a", "b"]) {
      await upload(name);
      await stage(name);
    }
    const { signature: signed, seed, epoch, slot } = await signature();
    expect({ seed, epoch, slot }).to.deep.equal({ seed: fake.hashAt(1), epoch: EPOCH, slot: 0 });
    expect(verifySignature(bls.publicKey, messageOf(good, seed as Hex), signed as Hex)).to.equal(true);
    const { columns } = await json("validator", `/batches/${id()}/columns`);
    expect(columns).to.have.length(40);
    const kept = await client.bytes(`${urlOf("validator")}/batches/${id()}/columns/${columns[7]}`, {
      maxBytes: 100_000,
    });
    expect(new Uint8Array(kept)).to.deep.equal(frame(good, columns[7]));
    // A reader whom the nodes deny everything finds place and metadata here.
    const blobKey = blobKeyOf(good.batch.metadata.headers[2] as BlobHeader);
    expect(await json("validator", `/blobs/${blobKey}`)).to.deep.equal({ batchId: id(), index: 2 });
    const told = await client.bytes(`${urlOf("validator")}/batches/${id()}/metadata`, { maxBytes: 100_000 });
    expect(new Uint8Array(told)).to.deep.equal(good.batch.bytes);
    for (const unknown of [`/blobs/${id()}`, `/batches/${blobKey}/metadata`]) {
      await rejection(json("validator", unknown), "NotFound");
    }
    fake.mine(...entryEvents(good.batch), confirmedEvent(good.batch, 0, seed as Hex));
    for (const name of ["a", "b"]) {
      await until(`${name} settles`, async () => (await json(name, `/batches/${id()}`)).state === "settled");
      const metadata = await client.bytes(`${urlOf(name)}/kv/${id()}`, { maxBytes: 100_000 });
      expect(new Uint8Array(metadata)).to.deep.equal(good.batch.bytes);
    }
    expect((await json("a", "/status")).batches).to.deep.equal({ settled: 1 });
    expect((await json("validator", "/status")).batches).to.include({ signed: 1, sampling: 0 });
    const rpc = { jsonrpc: "2.0", id: 1, method: "zgs_getStatus" };
    const answer = await client.bytes(urlOf("a"), { method: "POST", json: rpc, maxBytes: 4_096 });
    expect(JSON.parse(Buffer.from(answer).toString()).result).to.include({ nextTxSeq: 2, connectedPeers: 0 });
  });

  it("A41: Redis is emptied again and again: nothing is lost, everything still happens", async () => {
    const flushing = setInterval(() => void redis.admin.flushall().catch(() => undefined), 30);
    try {
      await submit();
      for (const name of ["a", "b"]) await upload(name);
    } finally {
      clearInterval(flushing);
    }
    // Nobody asks for the acknowledgement: the job, or the reconciler, looks at the batch as a whole.
    for (const name of ["a", "b"]) {
      await until(`${name} stages`, async () => (await json(name, `/batches/${id()}`)).state === "staged");
    }
    await signature();
    await redis.admin.flushall();
    fake.mine(confirmedEvent(good.batch, 0, fake.hashAt(1)));
    await until("it settles", async () => (await json("a", `/batches/${id()}`)).state === "settled");
  });

  it("everybody is restarted half way, and goes on from what was durable", async () => {
    await submit();
    await put("a", `${id()}/metadata`, good.batch.bytes);
    await put("a", `${id()}/rows/0`, halves(good, 0, 2));
    for (const name of ["validator", "b", "a"]) await stop(name);
    for (const name of ["a", "b", "validator"]) await start(name);
    expect(await json("a", `/batches/${id()}`)).to.include({ state: "submitted", rows: 2, metadata: true });
    await put("a", `${id()}/rows/2`, halves(good, 2, 2));
    await stage("a");
    const first = await signature();
    await stop("validator");
    await start("validator");
    expect(await attestation()).to.deep.equal(first);
  });

  it("A46: the submission moves to another block: the nodes keep their rows, the validator signs under the new seed", async () => {
    await submit();
    for (const name of ["a", "b"]) {
      await upload(name);
      await stage(name);
    }
    const first = await signature();
    fake.rewind(0);
    fake.mine();
    fake.mine(submittedEvent(good.batch));
    await until("the validator signs again", async () => {
      const answer = await attestation();
      return !(answer instanceof ZgError) && answer.seed === fake.hashAt(2);
    });
    const second = await signature();
    expect(second.signature).to.not.equal(first.signature);
    expect((await json("a", `/batches/${id()}`)).state).to.equal("staged");
  });

  it("evidence that somebody brings is enough, before a single column could be sampled", async () => {
    const bad = await wrongProof(9);
    await submit(bad);
    const bring = async (column: number, body: Uint8Array) => {
      const url = `${urlOf("validator")}/batches/${id(bad)}/evidence/${column}`;
      return JSON.parse(Buffer.from(await client.bytes(url, { method: "POST", body, maxBytes: 4_096 })).toString());
    };
    await rejection(bring(9, frame(bad, 9)), "UnknownBatch");
    await put("a", `${id(bad)}/metadata`, bad.batch.bytes);
    await until("the validator has the metadata", async () =>
      bring(8, frame(bad, 8)).then(
        ({ accepted }) => accepted === false,
        () => false,
      ),
    );
    expect(await bring(9, frame(bad, 9))).to.deep.equal({ accepted: true });
    await until("the validator refuses", async () => {
      const answer = await attestation(bad);
      return answer instanceof ZgError && answer.code === "SamplingRefused";
    });
    const kept = await client.bytes(`${urlOf("validator")}/batches/${id(bad)}/columns/9`, { maxBytes: 100_000 });
    expect(new Uint8Array(kept)).to.deep.equal(frame(bad, 9));
  });

  it("a bad batch: both nodes refuse it by name, the validator has the evidence and says why", async () => {
    const bad = await wrongProof(64);
    await submit(bad);
    for (const name of ["a", "b"]) {
      await upload(name, bad);
      const error = await rejection(stage(name, bad), "ColumnProofMismatch");
      expect(error.fields).to.include({ column: 64 });
    }
    await until("the validator decides", async () => {
      const answer = await attestation(bad);
      return !(answer instanceof ZgError) || answer.code === "SamplingRefused";
    });
    const answer = await attestation(bad);
    if (answer instanceof ZgError) {
      expect(answer.fields).to.include({ code: "ColumnProofMismatch", column: 64 });
      expect(await json("validator", `/batches/${id(bad)}/evidence`)).to.include({ column: 64 });
    } else {
      // 40 of 128 columns may miss the one that is bad; then the signature is honest, and the nodes' refusal stands.
      const { columns } = await json("validator", `/batches/${id(bad)}/columns`);
      expect(columns).to.not.include(64);
    }
  });
});
