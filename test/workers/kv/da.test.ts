import { expect } from "chai";
import type { BlobHeader } from "../../../protocol/header.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { concat, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import { encodePayload } from "../../../protocol/kv/payload.ts";
import { tagsOfVoid } from "../../../protocol/kv/tags.ts";
import { encodeMetadata, type Metadata } from "../../../protocol/metadata.ts";
import { streamPayload, streamTags } from "../../../protocol/stream.ts";
import { dataRootOf } from "../../../protocol/tree.ts";
import { resultOf } from "../../../workers/kv/results.ts";
import { findValue, readValue } from "../../../workers/kv/values.ts";
import { tempDir } from "../../fakes/temp.ts";
import { accountOf, LATEST } from "../../protocol/kv/sample.ts";
import { factsOf, payloadOf, SUBMITTER, saltOf } from "../../protocol/sample.ts";
import { confirmedEvent, submittedEvent } from "../fake-chain.ts";
import { type Available, DA, daEvent, hold, openNode, type Submitted, submitEvent, type TestNode } from "./node.ts";

const blob = (name: string, rows = 1): { header: BlobHeader; roots: Uint8Array } => {
  const roots = payloadOf(`roots of ${name}`, 32 * rows);
  const commitment: Hex = `0x8a${"03".repeat(47)}`;
  const place = { version: 1, dataRoot: toHex(dataRootOf(roots)), commitment, length: rows * 126_976 - 4, rows };
  return { header: { ...place, account: accountOf("disperser"), salt: saltOf(name) }, roots };
};
/** A batch as it is recorded and as the log has it; whether its commitments commit to anything is another's question. */
const batchOf = (...blobs: { header: BlobHeader; roots: Uint8Array }[]) => {
  const metadata: Metadata = {
    ...{ submitter: SUBMITTER, attempt: 0, headers: blobs.map(({ header }) => header) },
    segmentRoots: concat(...blobs.map(({ roots }) => roots)),
    proofs: payloadOf("proofs", 6144),
  };
  const bytes = encodeMetadata(metadata);
  const facts = factsOf(metadata, bytes);
  const payload = streamPayload(DA.stream, facts.batchId, bytes, metadata.headers.map(blobKeyOf));
  const entry: Submitted = { sender: DA.entrance, tags: streamTags(DA.stream), payload };
  return { facts, bytes, entry };
};
const rows: Submitted = { sender: DA.entrance, tags: new Uint8Array(), payload: Uint8Array.of(1, 2, 3) };

describe("the DA stream", () => {
  const dir = tempDir("kv-da");
  let node: TestNode;
  let available: Available;
  let next = 0;
  let block = 0;
  let folders = 0;
  beforeEach(async () => {
    available = new Map();
    next = 0;
    block = 0;
    node = await openNode(`${dir.path}/${folders++}`, available);
  });
  afterEach(() => node.close());
  after(() => dir.remove());

  const submit = async (batch: ReturnType<typeof batchOf>): Promise<void> => {
    block += 1;
    const { name, args } = submittedEvent(batch);
    await node.apply(daEvent(name, args, block));
  };
  /** What one transaction of confirmBatch emits. */
  const confirm = async (batch: ReturnType<typeof batchOf>): Promise<number> => {
    block += 1;
    const { name, args } = confirmedEvent(batch, next, saltOf("seed"));
    const entries = [submitEvent(rows, next, block), submitEvent(batch.entry, next + 1, block)];
    await node.apply(...entries, daEvent(name, args, block));
    next += 2;
    await node.settle();
    return next - 1;
  };
  const stored = (key: Hex): Hex | undefined => {
    const found = findValue(node.db.sql, DA.stream, fromHex(key), Number.MAX_SAFE_INTEGER);
    return found && toHex(readValue(node.db.sql, found, 0, found.size));
  };

  it("maps a confirmed batch to its metadata, and its blobs to it", async () => {
    const batch = batchOf(blob("one"), blob("two", 2));
    hold(available, batch.entry.payload);
    await submit(batch);
    expect(resultOf(node.db.sql, await confirm(batch))).to.equal("Commit");
    expect(stored(batch.facts.batchId)).to.equal(toHex(batch.bytes));
    expect(stored(blobKeyOf(blob("two", 2).header))).to.equal(`${batch.facts.batchId}00000001`);
  });

  it("keeps what was written first when another batch has the same blob", async () => {
    const [first, second] = [batchOf(blob("shared")), batchOf(blob("other"), blob("shared"))];
    for (const batch of [first, second]) {
      hold(available, batch.entry.payload);
      await submit(batch);
      expect(resultOf(node.db.sql, await confirm(batch))).to.equal("Commit");
    }
    expect(stored(blobKeyOf(blob("shared").header))).to.equal(`${first.facts.batchId}00000000`);
    expect(stored(blobKeyOf(blob("other").header))).to.equal(`${second.facts.batchId}00000000`);
  });

  it("waits for a batch's metadata, and forgets the batch when its confirmation is taken back", async () => {
    const batch = batchOf(blob("late"));
    await submit(batch);
    const txSeq = await confirm(batch);
    expect(resultOf(node.db.sql, txSeq)).to.equal("AwaitingData");
    hold(available, batch.entry.payload);
    await node.settle();
    expect(resultOf(node.db.sql, txSeq)).to.equal("Commit");
    await node.reorg(block - 1);
    expect(stored(batch.facts.batchId)).to.equal(undefined);
    expect(resultOf(node.db.sql, txSeq)).to.equal(undefined);
    next -= 2;
    expect(resultOf(node.db.sql, await confirm(batch))).to.equal("Commit");
  });

  it("takes nothing from strangers, and withdraws nothing for them", async () => {
    const batch = batchOf(blob("mine"));
    hold(available, batch.entry.payload);
    await submit(batch);
    const confirmed = await confirm(batch);
    const stranger = accountOf("stranger");
    const payload = encodePayload({
      version: LATEST,
      writes: [{ stream: DA.stream, key: fromHex(batch.facts.batchId), value: Uint8Array.of(1) }],
    });
    hold(available, payload);
    await node.apply(
      submitEvent({ sender: stranger, tags: streamTags(DA.stream), payload }, next, block + 1),
      submitEvent({ sender: stranger, tags: tagsOfVoid(confirmed), payload: Uint8Array.of(1) }, next + 1, block + 1),
    );
    await node.settle();
    expect([confirmed, next, next + 1].map((txSeq) => resultOf(node.db.sql, txSeq))).to.deep.equal([
      ...["Commit", "SenderNoWritePermission", "SenderNoWritePermission"],
    ]);
    expect(stored(batch.facts.batchId)).to.equal(toHex(batch.bytes));
  });

  it("applies nothing that is not the payload of the batch that its confirmation names", async () => {
    const [batch, other] = [batchOf(blob("recorded")), batchOf(blob("another"))];
    await submit(batch);
    hold(available, other.entry.payload);
    const txSeq = await confirm({ ...batch, entry: other.entry });
    expect(resultOf(node.db.sql, txSeq)).to.match(/^DataParseError: /);
    expect(stored(batch.facts.batchId)).to.equal(undefined);
    expect(stored(other.facts.batchId)).to.equal(undefined);
  });
});
