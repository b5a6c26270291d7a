import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { HDNodeWallet, Wallet } from "ethers";
import { bytesSource } from "../../adapters/file-source.ts";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { silentLog } from "../../adapters/log.ts";
import { type FileView, nodeClient } from "../../adapters/node-client.ts";
import { DEVNET_MNEMONIC } from "../../devnet/mnemonic.ts";
import { startWorker } from "../../devnet/parties.ts";
import { SEGMENT_BYTES } from "../../protocol/params.ts";
import { startStorage } from "../../workers/storage/index.ts";
import type { SyncReport } from "../../workers/storage/sync/index.ts";
import { type UploadedFile, upload } from "../../workers/uploader/index.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { honestly, startLiar, type Twist } from "./liar.ts";

const { signal } = new AbortController();
const SIZES = [300, SEGMENT_BYTES, 3 * SEGMENT_BYTES + 17, 9 * SEGMENT_BYTES];

/** The whole of a network, in which one storage node after another lacks what the others have. */
describe("a storage node that lacks what others have", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let client: HttpClient;
  let files: { readonly bytes: Uint8Array; readonly file: UploadedFile }[] = [];
  before(async () => {
    network = await startTestNetwork({ storageNodes: 3, validators: 2 });
    client = openClient();
  });
  after(async () => {
    client?.close();
    await network?.stop();
  });

  const urlOf = (node: number): string => network.network.storageNodes[node] as string;
  const stop = async (node: number): Promise<void> => network.workers.get(`storage-${node}`)?.stop();
  const start = async (node: number): Promise<void> => {
    const name = `storage-${node}`;
    network.workers.set(name, await startWorker(network.context, network.data, name));
  };
  const dirOf = (node: number): string => join(network.data, `storage-${node}`);

  /** To one node, and to no other. */
  const uploadTo = async (node: number, sizes: readonly number[]) => {
    const payloads = sizes.map(randomPayload);
    const { privateKey } = HDNodeWallet.fromPhrase(DEVNET_MNEMONIC, undefined, "m/44'/60'/0'/0/5");
    const folder = join(network.data, "uploads");
    await mkdir(folder, { recursive: true });
    const { chain } = network.context;
    const { files: uploaded } = await upload({
      files: payloads.map((bytes, i) => ({ name: `file ${i}`, open: async () => bytesSource(bytes) })),
      ...{ tags: "0x", wallet: new Wallet(privateKey), chain, fromBlock: 0, client, urls: [urlOf(node)], replicas: 1 },
      ...{ folder, log: silentLog, signal, pollMs: 50 },
    });
    return uploaded.map((file, i) => ({ file, bytes: payloads[i] as Uint8Array }));
  };
  const viewAt = (node: number, { root, length }: UploadedFile): Promise<FileView | undefined> =>
    nodeClient(client, urlOf(node))
      .file(root, length)
      .catch(() => undefined);
  const finalizedAt = (node: number, which = files) =>
    network.mineUntil(async () => {
      const views = await Promise.all(which.map(({ file }) => viewAt(node, file)));
      return views.every((view) => view?.finalized);
    }, `all files are finalized at node ${node}`);
  const expectHeldAt = async (node: number, which = files): Promise<void> => {
    for (const { file, bytes } of which) {
      const segments = Math.ceil(bytes.length / SEGMENT_BYTES);
      for (let i = 0; i < segments; i++) {
        const own = bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES);
        const sent = Math.ceil(own.length / 256) * 256;
        const found = await nodeClient(client, urlOf(node)).segment(file.root, file.length, i, sent);
        expect(Buffer.compare(found.subarray(0, own.length), own)).to.equal(0);
      }
    }
  };
  const syncAt = async (node: number): Promise<SyncReport> =>
    ((await (await fetch(`${urlOf(node)}/status`)).json()) as { sync: SyncReport }).sync;

  it("gets files that were uploaded to one of them, while it was up or down", async () => {
    await stop(2);
    files = await uploadTo(0, SIZES);
    await finalizedAt(1);
    await start(2);
    await finalizedAt(2);
    await expectHeldAt(1);
    await expectHeldAt(2);
    const segments = SIZES.reduce((sum, size) => sum + Math.ceil(size / SEGMENT_BYTES), 0);
    expect((await syncAt(2)).fetched.segments).to.equal(segments);
  });

  it("gets everything when it is new: files, and batches with all their rows", async () => {
    const payload = randomPayload(400_000);
    const view = await network.until(await network.post(payload), ({ status }) => status === "FINALIZED");
    const settledAt = (node: number) =>
      network.mineUntil(async () => {
        const answer = await fetch(`${urlOf(node)}/batches/${view.batchId}`).catch(() => undefined);
        return answer?.ok && ((await answer.json()) as { state: string }).state === "settled";
      }, `the batch is settled at node ${node}`);
    for (const node of [0, 1, 2]) await settledAt(node);
    // The batcher has heard of all three that they have it: it brings it to nobody again.
    await stop(2);
    rmSync(dirOf(2), { recursive: true });
    await start(2);
    await settledAt(2);
    await finalizedAt(2);
    const { fetched } = await syncAt(2);
    expect(fetched.rows).to.be.greaterThan(2);
    // The others are not needed any more.
    await stop(0);
    await stop(1);
    await expectHeldAt(2);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
    await start(0);
    await start(1);
  });

  it("names a peer that lies, asks it no more, and gets the right bytes from another", async () => {
    const liar = await startLiar(network, "storage-0");
    const twist: Twist = ({ method, path }, honest) => {
      if (method !== "GET" || !path.includes("/segments/")) return honest;
      const body = Buffer.from(honest.body);
      body[9] = (body[9] as number) ^ 1;
      return { ...honest, body };
    };
    await stop(2);
    rmSync(dirOf(2), { recursive: true });
    liar.twist = twist;
    await start(2);
    await finalizedAt(2);
    await expectHeldAt(2);
    const { peers } = await syncAt(2);
    const [named] = peers.filter(({ url }) => url === urlOf(0));
    expect(named?.lied).to.be.greaterThan(0);
    expect(named?.codes).to.have.property("SegmentRootMismatch");
    expect(peers.find(({ url }) => url === urlOf(1))?.lied).to.equal(0);
    liar.twist = honestly;
  });

  it("finds what its disk forgot, and gets it again", async () => {
    await stop(1);
    const slots = join(dirOf(1), "segments.bin");
    const size = statSync(slots).size;
    const file = openSync(slots, "r+");
    for (const offset of [50, Math.floor(size / SEGMENT_BYTES / 2) * SEGMENT_BYTES + 50]) {
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, offset);
      writeSync(file, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, offset);
    }
    closeSync(file);
    await start(1);
    await network.mineUntil(async () => {
      const { scan, fetched } = await syncAt(1);
      return scan.rotten === 2 && fetched.segments === 2;
    }, "what has rotted is here again");
    await finalizedAt(1);
    await expectHeldAt(1);
  });

  it("gets only its own shard, and a blob is read from nodes that keep a half each", async () => {
    const payload = randomPayload(400_000);
    const view = await network.until(await network.post(payload), ({ status }) => status === "FINALIZED");
    for (const node of [1, 2]) {
      await stop(node);
      rmSync(dirOf(node), { recursive: true });
      const place = { name: `storage-${node}`, dir: dirOf(node), redis: network.network.redis };
      const shard = { shardId: node - 1, numShard: 2 };
      const port = Number(new URL(urlOf(node)).port);
      network.workers.set(`storage-${node}`, await startStorage(network.context, { ...place, port, shard }));
    }
    await finalizedAt(1);
    await finalizedAt(2);
    const held = await Promise.all([1, 2].map((node) => viewAt(node, files.at(-1)?.file as UploadedFile)));
    expect(held.map((found) => found?.uploaded).sort()).to.deep.equal([4, 5]);
    const rowsAt = async (node: number): Promise<number> => {
      const answer = await fetch(`${urlOf(node)}/batches/${view.batchId}`).catch(() => undefined);
      return answer?.ok ? ((await answer.json()) as { rows: number }).rows : 0;
    };
    const settled = async (node: number): Promise<boolean> =>
      ((await (await fetch(`${urlOf(node)}/batches/${view.batchId}`)).json()) as { state: string }).state === "settled";
    await network.mineUntil(async () => {
      if (!(await settled(1)) || !(await settled(2))) return false;
      return (await rowsAt(1)) + (await rowsAt(2)) === 4;
    }, "each has given up the other's rows");
    await stop(0);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
    await start(0);
  });
});
