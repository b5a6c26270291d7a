import { expect } from "chai";
import { openBucket } from "../../adapters/bucket.ts";
import type { Compute } from "../../adapters/compute.ts";
import { frameRow } from "../../protocol/column.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, toHex } from "../../protocol/hex.ts";
import { CELL_BYTES } from "../../protocol/params.ts";
import { cellRootsOf, dataRootOf, segmentRootsOf } from "../../protocol/tree.ts";
import accuse from "../../tasks/accuse.ts";
import retrieve from "../../tasks/retrieve.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { encode } from "../../workers/encoder/process.ts";
import { keys } from "../../workers/records.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { type Answer, columnOf, honestly, type Liar, startLiar, type Twist } from "./liar.ts";
import { runTask } from "./task.ts";

/** A parity column: the data itself is untouched, and 127 of 128 columns pass every check. */
const BAD_COLUMN = 100;

/** As few as the chain lets a signer owe it. */
const SAMPLES = 4;

/**
 * Threats F1: one flipped element in the redundancy, and a merkle tree that is honest about it. So few samples a validator
 * make the certificate nearly sure, which is what is to be shown: a certificate promises a verdict, not a payload.
 */
describe("a corrupt encoding", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nodes: Liar[];
  let extended: Uint8Array;
  before(async () => {
    network = await startTestNetwork({ timing: { samples: SAMPLES }, parameters: { samples: BigInt(SAMPLES) } });
    await network.workers.get("encoder")?.stop();
    nodes = [await startLiar(network, "storage-0"), await startLiar(network, "storage-1")];
  });
  after(() => network?.stop());

  it("is refused by nodes that are honest: nobody signs, and its blob ends", async () => {
    const id = await corrupted(randomPayload(1000));
    const view = await network.until(id, ({ refusals }) => refusals.length >= 2);
    expect(view.refusals.map(({ code }) => code)).to.deep.equal(["SegmentRootMismatch", "SegmentRootMismatch"]);
    expect(view.signatures).to.deep.equal([]);
    await pastTheDeadlines(id, ({ status }) => status === "INSUFFICIENT_SIGNATURES");
  });

  it("may be certified past nodes that lie, and is CorruptEncoding for every reader", async () => {
    const id = await corrupted(randomPayload(1000));
    for (const liar of nodes) liar.twist = lyingNode;
    // A validator that draws the bad column may keep an attempt from its certificate: two of four must, once in two hundred times.
    const view = await pastTheDeadlines(id, ({ status }) => status === "FINALIZED");
    expect(view.signatures.length).to.be.at.least(3);

    const blobKey = view.blobKey as string;
    expect(await verdict(blobKey)).to.equal("CorruptEncoding");
    for (const hide of [(column: number) => column < 64, (column: number) => column >= 64]) {
      for (const liar of nodes) liar.twist = hiding(hide);
      expect(await verdict(blobKey)).to.equal("CorruptEncoding");
    }
    for (const liar of nodes) liar.twist = lyingNode;
    certified = view;
  });

  it("is proved on chain by whoever reads it, who gets half of the bond (F1)", async () => {
    const { blobKey = "", batchId = "", requestId } = certified as BlobView;
    const { entrance } = network.context.chain;
    const { bond } = await entrance.getFunction("record")(batchId);
    const burnt: bigint = await entrance.getFunction("burnt")();
    const done = await runTask(network, accuse, { id: blobKey });
    expect(done).to.include({ batchId, blobIndex: 0, flagged: true, known: false, proof: "corrupt" });
    expect(done).to.include({ reward: String(bond / 2n), withdrawn: String(bond / 2n) });
    expect(BigInt(await entrance.getFunction("burnt")()) - burnt).to.equal(bond - bond / 2n);
    expect((await entrance.getFunction("record")(batchId)).bondLost).to.equal(true);
    const flagged = await network.until(requestId, ({ flags }) => flags !== undefined);
    expect(flagged.flags?.map(({ what, reporter }) => [what, reporter])).to.deep.equal([
      ["BlobCorrupt", done.reporter],
    ]);
    expect(flagged.status).to.equal("FINALIZED");
    // From now on nobody needs a column to know.
    for (const liar of nodes) liar.twist = hiding(() => true);
    expect(await verdict(blobKey)).to.equal("CorruptEncoding");
    expect(await runTask(network, accuse, { id: blobKey })).to.include({ flagged: true, known: true });
    expect(await runTask(network, retrieve, { id: blobKey, out: "/nowhere" })).to.deep.include({
      code: "CorruptEncoding",
      fields: { batchId, index: 0, flag: "BlobCorrupt", why: "it was proved on chain" },
    });
  });

  it("takes one sector to prove where an element has no right to be there (F5)", async () => {
    for (const liar of nodes) liar.twist = lyingNode;
    // The top byte of the fourth element of column 5, in the data.
    const id = await corrupted(randomPayload(100_000), 5 * CELL_BYTES + 96, 0x11);
    const { blobKey = "", batchId } = await pastTheDeadlines(id, ({ status }) => status === "FINALIZED");
    expect(await verdict(blobKey)).to.equal("CorruptEncoding");
    const done = await runTask(network, accuse, { id: blobKey });
    expect(done).to.include({ batchId, flagged: true, known: false, proof: "malformed" });
    expect(BigInt(String(done.reward)) > 0n).to.equal(true);
  });

  it("cannot be claimed of a blob that can be read", async () => {
    for (const liar of nodes) liar.twist = honestly;
    const id = (await network.post(randomPayload(1000))) as Hex;
    const bucket = await openBucket(network.network.bucket);
    const { compute } = network.context;
    await encode({ bucket, compute, pokeBatch: async () => undefined, now: Date.now }, id);
    await bucket.close();
    const { blobKey = "" } = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(await runTask(network, accuse, { id: blobKey })).to.include({ code: "BadRequest" });
  });

  let certified: BlobView | undefined;
  const hiding =
    (hide: (column: number) => boolean): Twist =>
    (request, honest) => {
      const column = columnOf(request.path);
      return column !== undefined && hide(column) ? notFound : lyingNode(request, honest);
    };

  /** Posts a payload and encodes it as only a malicious disperser would. */
  async function corrupted(payload: Uint8Array, at = BAD_COLUMN * CELL_BYTES + 31, xor = 1): Promise<Hex> {
    const id = (await network.post(payload)) as Hex;
    const bucket = await openBucket(network.network.bucket);
    const encodeBlob: Compute["encodeBlob"] = async (rows) => {
      const { compute } = network.context;
      const honest = await compute.encodeBlob(rows);
      extended = (await compute.extendRows(rows)).extended.slice();
      // By default the lowest bit of an element: still canonical, no longer on the row's polynomial.
      extended[at] = (extended[at] as number) ^ xor;
      const segmentRoots = segmentRootsOf(cellRootsOf(extended));
      return { ...honest, segmentRoots, dataRoot: toHex(dataRootOf(segmentRoots)) };
    };
    await encode({ bucket, compute: { encodeBlob }, pokeBatch: async () => undefined, now: Date.now }, id);
    await bucket.close();
    return id;
  }

  /** Takes everything, serves the rows as they were made up. */
  function lyingNode({ method, path }: { method: string; path: string }, honest: Answer): Answer {
    if (method === "PUT" && path.includes("/rows/")) return json({});
    if (method === "POST" && path.endsWith("/stage")) return json({ batchId: path.split("/")[2], staged: true });
    const column = columnOf(path);
    // The metadata is taken and served by the honest node behind: it is what the chain recorded.
    if (column === undefined) return path.endsWith("/metadata") && method === "GET" ? metadata(path, honest) : honest;
    return { status: 200, type: BYTES, body: Buffer.from(frameRow(extended, cellRootsOf(extended), column)) };
  }

  const metadataOf = new Map<string, Buffer>();
  function metadata(path: string, honest: Answer): Answer {
    const bytes = metadataOf.get(path.split("/")[2] as string);
    return bytes === undefined ? honest : { status: 200, type: BYTES, body: bytes };
  }

  async function pastTheDeadlines(id: Hex, what: (view: BlobView) => boolean): Promise<BlobView> {
    const bucket = await openBucket(network.network.bucket);
    const passed = new Set<string>();
    const view = await network.until(id, (seen) => {
      const { batchId, status, refusals } = seen;
      if (batchId !== undefined && !metadataOf.has(batchId)) {
        void bucket
          .get(keys.metadata(batchId as Hex))
          .then((bytes) => bytes && metadataOf.set(batchId, Buffer.from(bytes)));
      }
      const hopeless = refusals.length >= 2 && ["SUBMITTED", "STORED"].includes(status);
      if (hopeless && batchId !== undefined && !passed.has(batchId)) {
        passed.add(batchId);
        void network.devChain?.mine(121);
      }
      return what(seen);
    });
    await bucket.close();
    return view;
  }

  const verdict = async (blobKey: string): Promise<string> =>
    network.read(blobKey).then(
      () => "a payload",
      (error: unknown) => (error instanceof ZgError ? error.code : String(error)),
    );
});

const BYTES = "application/octet-stream";
const json = (value: unknown): Answer => ({
  status: 200,
  type: "application/json",
  body: Buffer.from(JSON.stringify(value)),
});
const notFound: Answer = { ...json({ code: "NotFound", message: "NotFound", fields: {} }), status: 404 };
