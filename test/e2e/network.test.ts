import { randomInt } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { Wallet } from "ethers";
import { DEVNET_MNEMONIC } from "../../devnet/deploy.ts";
import { partyKeys } from "../../devnet/keys.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, ELEMENT_BYTES, FIELD_ORDER, FRAME_ROW_BYTES } from "../../protocol/params.ts";
import { startBatcher } from "../../workers/batcher/index.ts";
import type { Running } from "../../workers/context.ts";
import { startDisperser } from "../../workers/disperser/index.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { startEncoder } from "../../workers/encoder/index.ts";
import type { BatchOnChain } from "../../workers/retriever/chain.ts";
import { createReport, readBatchFrom } from "../../workers/retriever/index.ts";
import { startSender } from "../../workers/sender/index.ts";
import { expectedTraffic } from "../../workers/validator/traffic.ts";
import { randomPayload, startTestNetwork, type TestNetwork, testNetwork } from "./harness.ts";
import { type Answer, columnOf, honestly, type Liar, startLiar, type Twist, withholding } from "./liar.ts";

/** Threats A18 – A20, F2, F7 on a whole network: whoever lies is passed over and named, and nobody else notices. */
describe("a network, honest and with liars", function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nodes: Liar[];
  let validator: Liar;
  before(async () => {
    network = await startTestNetwork();
    nodes = [await startLiar(network, "storage-0"), await startLiar(network, "storage-1")];
    validator = await startLiar(network, "validator-3");
  });
  afterEach(() => {
    for (const liar of [...nodes, validator]) liar.twist = honestly;
  });
  after(() => network?.stop());

  const finalized = async (payload: Uint8Array): Promise<BlobView> => {
    const id = await network.post(payload);
    return network.until(id, ({ status }) => status === "FINALIZED");
  };
  const readsBack = async ({ blobKey }: BlobView, payload: Uint8Array) =>
    expect(Buffer.from(await network.read(blobKey as string)).equals(Buffer.from(payload))).to.equal(true);

  /** Slots are taken in the order of registration, which is nobody's business: a validator is known by its socket. */
  const namesValidator3 = ({ signatures, refusals }: BlobView, expected: string) => {
    const sockets = network.network.validators;
    expect(signatures.map(({ socket }) => socket)).to.have.members(sockets.slice(0, 3));
    expect(refusals.map(({ who, outcome }) => [who, outcome])).to.deep.include([sockets[3], expected]);
  };

  const LIES: Record<string, Twist> = {
    "wrong bytes": columns((body) => flipped(body, 1000)),
    "a wrong path": columns((body) => flipped(body, CELL_BYTES + 5)),
    "short answers": columns((body) => body.subarray(0, body.length - 1)),
    "an element that is not canonical": columns(nonCanonical),
    "nothing to say": ({ path }, answer) => (columnOf(path) === undefined ? answer : null),
  };
  it("takes a blob from the disperser to every storage node, past every validator, and back", async () => {
    const payload = randomPayload(300_000);
    const view = await finalized(payload);
    expect(view.acks.map(({ url }) => url)).to.have.members(network.network.storageNodes);
    expect(view.signatures.map(({ socket }) => socket)).to.have.members(network.network.validators);
    expect(view.refusals).to.deep.equal([]);
    await readsBack(view, payload);
  });

  it("costs a validator its columns, the metadata, and three percent", async () => {
    const view = await finalized(randomPayload(2_000_000));
    const batchId = view.batchId as Hex;
    const { facts } = (await readBatchFrom(network.context.chain)(batchId)) as BatchOnChain;
    const least = { used: Number.POSITIVE_INFINITY, expected: 0 };
    for (const url of network.network.validators.slice(0, 3)) {
      const { traffic, samples } = (await (await fetch(`${url}/status`)).json()) as {
        traffic: Record<Hex, number>;
        samples: number;
      };
      const used = traffic[batchId] as number;
      expect(used, url).to.be.at.least(samples * facts.rowCount * FRAME_ROW_BYTES);
      if (used < least.used) Object.assign(least, { used, expected: expectedTraffic(samples, facts) });
    }
    // On a busy machine an answer may be late, and its column is asked of another node, too: not of all three.
    expect(least.used).to.be.at.most(least.expected);
  });

  for (const [name, lie] of Object.entries(LIES)) {
    it(`takes and gives back a blob although one node has ${name} for every column`, async () => {
      (nodes[1] as Liar).twist = lie;
      const payload = randomPayload(200_000);
      const view = await finalized(payload);
      // A silent node may make one of the four late; a quorum is three.
      expect(view.signatures.length).to.be.at.least(3);
      const report = createReport();
      const read = await network.read(view.blobKey as string, { report });
      expect(Buffer.from(read).equals(Buffer.from(payload))).to.equal(true);
    });
  }

  it("takes other cells for what they are: a column under another column's number proves nothing", async () => {
    const payload = randomPayload(1000);
    const seen: Answer[] = [];
    (nodes[1] as Liar).twist = ({ path }, answer) => {
      if (columnOf(path) === undefined || answer.status !== 200) return answer;
      seen.push(answer);
      return seen.at(-2) ?? answer;
    };
    await readsBack(await finalized(payload), payload);
  });

  it("gives a blob back while any 64 columns are withheld, and says Unavailable at 65 (A19)", async () => {
    const payload = randomPayload(150_000);
    const view = await finalized(payload);
    for (const liar of nodes) liar.twist = withholding((column) => column % 2 === 0);
    await readsBack(view, payload);
    for (const liar of nodes) liar.twist = withholding((column) => column % 2 === 0 || column === 77);
    const started = Date.now();
    const error = await network.read(view.blobKey as string).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ZgError).and.include({ code: "Unavailable" });
    // An answer, not a time-out: well under the retrieval's deadline of two minutes.
    expect(Date.now() - started).to.be.below(60_000);
  });

  it("gives a blob back with any 60 to 64 columns withheld, and with 65 to 70 none: Unavailable, never other bytes (A19)", async () => {
    const payload = randomPayload(130_000);
    const { blobKey } = await finalized(payload);
    for (let withheld = 60; withheld <= 70; withheld++) {
      const hidden = new Set(shuffledColumns().slice(0, withheld));
      for (const liar of nodes) liar.twist = withholding((column) => hidden.has(column));
      const outcome = await network.read(blobKey as string).then(
        (bytes) => (Buffer.from(bytes).equals(Buffer.from(payload)) ? "the blob" : "other bytes"),
        (error: unknown) => (error instanceof ZgError ? error.code : String(error)),
      );
      const which = `without ${[...hidden].join(" ")}`;
      expect(outcome, which).to.equal(withheld <= 64 ? "the blob" : "Unavailable");
    }
  });

  it("certifies nothing of which 65 columns were withheld from the start, and returns the escrow (A19, F2)", async () => {
    for (const liar of nodes) liar.twist = withholding((column) => column < 65);
    const id = await network.post(randomPayload(1000));
    const passed = new Set<string>();
    const ended = await network.until(id, (view) => {
      // Both nodes have it, nobody can sample it: the deadline may come at once.
      if (view.status === "STORED" && view.batchId !== undefined && !passed.has(view.batchId)) {
        passed.add(view.batchId);
        void network.devChain?.mine(121);
      }
      return view.status === "INSUFFICIENT_SIGNATURES";
    });
    expect(ended.signatures).to.deep.equal([]);
    const { entrance } = network.context.chain;
    const record = await entrance.getFunction("record").staticCall(ended.batchId);
    expect(record.failed).to.equal(true);
    expect(record.confirmBlock).to.equal(0n);
  });

  const STUBBORN: Record<string, [Twist, string]> = {
    "signs garbage": [attestations(garbled), "garbage"],
    "refuses for a reason of its own making": [attestations(refused, 409), "refused"],
    "never answers": [({ path }, answer) => (path.endsWith("/attestation") ? null : answer), "slow"],
  };
  for (const [name, [twist, outcome]] of Object.entries(STUBBORN)) {
    it(`confirms without a validator that ${name}, and names it (A20)`, async () => {
      validator.twist = twist;
      const payload = randomPayload(1000);
      const view = await finalized(payload);
      namesValidator3(view, outcome);
      await readsBack(view, payload);
    });
  }

  it("confirms without a validator that is down, and names it (A20)", async () => {
    await validator.stop();
    const payload = randomPayload(1000);
    const view = await finalized(payload);
    namesValidator3(view, "down");
    validator = await startLiar(network, "validator-3");
  });

  it("takes one content from two submitters as two batches of the same blobKey", async () => {
    const second = await startSecondDisperser(network);
    try {
      const payload = randomPayload(100_000);
      const salt = `0x${"5a".repeat(32)}`;
      const ids = [await network.post(payload, salt), await second.network.post(payload, salt)];
      expect(ids[0]).to.equal(ids[1]);
      const one = await network.until(ids[0] as string, ({ status }) => status === "FINALIZED");
      const two = await second.network.until(ids[1] as string, ({ status }) => status === "FINALIZED");
      expect(one.blobKey).to.equal(two.blobKey);
      expect(one.batchId).not.to.equal(two.batchId);
      await readsBack(one, payload);
    } finally {
      await second.stop();
    }
  });
});

function columns(change: (body: Buffer) => Buffer): Twist {
  return ({ path }, answer) =>
    columnOf(path) === undefined || answer.status !== 200 ? answer : { ...answer, body: change(answer.body) };
}

function attestations(change: (body: Buffer) => Buffer, status = 200): Twist {
  return ({ path }, answer) =>
    !path.endsWith("/attestation") || answer.status !== 200 ? answer : { ...answer, status, body: change(answer.body) };
}

/** A veto without evidence. */
function refused(body: Buffer): Buffer {
  const { batchId, seed } = JSON.parse(body.toString()) as { batchId: string; seed: string };
  const fields = { batchId, seed, code: "ColumnProofMismatch", why: "column 5 is bad", who: null };
  return Buffer.from(JSON.stringify({ code: "SamplingRefused", message: "", fields }));
}

function shuffledColumns(): number[] {
  const columns = Array.from({ length: COLUMNS }, (_, column) => column);
  for (let i = columns.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [columns[i], columns[j]] = [columns[j] as number, columns[i] as number];
  }
  return columns;
}

function flipped(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}

/** The same residue, written as a number that is not below r. */
function nonCanonical(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  for (let row = 0; row < changed.length; row += FRAME_ROW_BYTES) {
    const element = BigInt(`0x${changed.subarray(row, row + ELEMENT_BYTES).toString("hex")}`);
    changed.write((element + FIELD_ORDER).toString(16).padStart(2 * ELEMENT_BYTES, "0"), row, "hex");
  }
  return changed;
}

/** A signature of the right form that is not of this message: the negative of the right one's first coordinate. */
function garbled(body: Buffer): Buffer {
  const answer = JSON.parse(body.toString()) as { signature: string };
  const signature = `${answer.signature.slice(0, -2)}${answer.signature.endsWith("00") ? "01" : "00"}`;
  return Buffer.from(JSON.stringify({ ...answer, signature }));
}

/** Another disperser party on the same chain and the same nodes: own key, own bucket, own Redis prefix, own port. */
async function startSecondDisperser(first: TestNetwork): Promise<{ network: TestNetwork; stop(): Promise<void> }> {
  const { context, data, network } = first;
  const name = "disperser-2";
  const { wallet } = await partyKeys(data, name);
  const funder = Wallet.fromPhrase(DEVNET_MNEMONIC).connect(context.chain.provider);
  await (await funder.sendTransaction({ to: new Wallet(wallet).address, value: 10n ** 20n })).wait();

  const bucket = pathToFileURL(join(data, name, "bucket")).href;
  const place = { name, dir: join(data, name), redis: network.redis, port: 0, bucket };
  const workers: Running[] = [
    await startDisperser(context, place),
    await startEncoder(context, place),
    await startBatcher(context, { ...place, wallet }),
    await startSender(context, { ...place, wallet }),
  ];
  return {
    network: testNetwork({ ...first, network: { ...network, disperser: workers[0]?.url as string } }, data),
    stop: async () => {
      for (const worker of workers.toReversed()) await worker.stop();
    },
  };
}
