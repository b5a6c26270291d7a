import { expect } from "chai";
import { unpackBlob } from "../../../protocol/blob.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { type AcceptDeps, createAccept } from "../../../workers/disperser/accept.ts";
import { keys } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, packedOf } from "../facts.ts";

const account: Hex = `0x${"ac".repeat(20)}`;
const request = (payload: string, salt = hashOf("salt")) => ({ ...packedOf(Buffer.from(payload)), account, salt });

describe("accepting a payload", () => {
  const set = (more: Partial<AcceptDeps> = {}) => {
    const bucket = memoryBucket();
    const queued: Hex[] = [];
    const puts: string[] = [];
    bucket.failOn = (operation, key) => {
      if (operation === "put") puts.push(key);
      return undefined;
    };
    const enqueue = async (requestId: Hex) => queued.push(requestId) > 0;
    return { bucket, queued, puts, accept: createAccept({ bucket, enqueue, now: () => 7, ...more }) };
  };

  it("makes rows, then the record, then the marker durable, and queues last", async () => {
    const { accept, puts, queued, bucket } = set();
    const { requestId, rows, length } = await accept(request("hello"));
    expect({ rows, length }).to.deep.equal({ rows: 1, length: 5 });
    expect(puts).to.deep.equal([keys.rows(requestId), keys.accepted(requestId), keys.pending(requestId)]);
    expect(queued).to.deep.equal([requestId]);
    const stored = bucket.objects.get(keys.rows(requestId)) as Uint8Array;
    expect(Buffer.from(unpackBlob(stored, 5)).toString()).to.equal("hello");
  });

  it("accepts while Redis is away: the marker is the net", async () => {
    const { accept, bucket } = set({ enqueue: async () => false });
    const { requestId } = await accept(request("hello"));
    expect(bucket.objects.has(keys.pending(requestId))).to.equal(true);
  });

  it("takes a repeated request for the same one, and the record is the first", async () => {
    const { accept, puts } = set();
    const first = await accept(request("hello"));
    const again = await accept(request("hello"));
    expect(again).to.deep.equal(first);
    expect(puts.filter((key) => key.endsWith("/rows"))).to.have.length(1);
  });

  it("does the work once for requests that come at the same time", async () => {
    const { accept, puts } = set();
    const ids = await Promise.all([1, 2, 3].map(() => accept(request("hello"))));
    expect(new Set(ids.map(({ requestId }) => requestId)).size).to.equal(1);
    expect(puts).to.have.length(3);
  });

  it("takes another salt or account for another blob", async () => {
    const { accept } = set();
    const one = await accept(request("hello"));
    const two = await accept(request("hello", hashOf("other salt")));
    const three = await accept({ ...request("hello"), account: `0x${"ad".repeat(20)}` });
    expect(new Set([one, two, three].map(({ requestId }) => requestId)).size).to.equal(3);
  });

  it("puts the marker of a record that was left without one", async () => {
    const { accept, bucket, queued } = set();
    const { requestId } = await accept(request("hello"));
    await bucket.delete(keys.pending(requestId));
    await accept(request("hello"));
    expect(bucket.objects.has(keys.pending(requestId))).to.equal(true);
    expect(queued).to.have.length(2);
  });

  it("does not wake a blob that has its verdict", async () => {
    const { accept, bucket, queued } = set();
    const { requestId } = await accept(request("hello"));
    await bucket.put(keys.verdict(requestId), Buffer.from("{}"));
    await bucket.delete(keys.pending(requestId));
    await accept(request("hello"));
    expect(bucket.objects.has(keys.pending(requestId))).to.equal(false);
    expect(queued).to.have.length(1);
  });

  it("acknowledges nothing that the bucket did not take (A40)", async () => {
    const { accept, bucket, queued } = set();
    bucket.failOn = (operation, key) =>
      operation === "put" && key.endsWith("accepted.json") ? new Error("disk full") : undefined;
    const error = await accept(request("hello")).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("disk full");
    expect(queued).to.deep.equal([]);
  });
});
