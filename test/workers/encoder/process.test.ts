import { expect } from "chai";
import type { EncodedBlob } from "../../../adapters/compute.ts";
import { packBlob } from "../../../protocol/blob.ts";
import { blobKeyOf } from "../../../protocol/header.ts";
import { encode } from "../../../workers/encoder/process.ts";
import { unencoded } from "../../../workers/encoder/scan.ts";
import { Encoded, headerOf, keys } from "../../../workers/records.ts";
import { rejection } from "../../fakes/errors.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { acceptedOf, encodedOf, hashOf } from "../facts.ts";

const accepted = acceptedOf("a", { length: 5 });
const { requestId } = accepted;
const { dataRoot, commitment } = encodedOf("a");
const blob: EncodedBlob = {
  ...{ dataRoot, commitment, segmentRoots: new Uint8Array(32), redundancyRoots: new Uint8Array(32).fill(3) },
  q: new Uint8Array(131_072),
};

describe("encoding a blob", () => {
  const set = () => {
    const bucket = memoryBucket();
    const store = (key: string, value: unknown) => bucket.objects.set(key, Buffer.from(JSON.stringify(value)));
    store(keys.accepted(requestId), accepted);
    store(keys.pending(requestId), { requestId });
    bucket.objects.set(keys.rows(requestId), packBlob(Buffer.from("hello")));
    const calls = { encoded: 0, poked: 0 };
    const deps = {
      bucket,
      compute: {
        encodeBlob: async () => {
          calls.encoded += 1;
          return blob;
        },
      },
      pokeBatch: async () => {
        calls.poked += 1;
      },
      now: () => 5,
    };
    return { bucket, deps, calls };
  };

  it("writes Q, the roots that uploads need and the key before the record, and pokes the batcher", async () => {
    const { bucket, deps, calls } = set();
    const puts: string[] = [];
    bucket.failOn = (operation, key) => void (operation === "put" && puts.push(key)) as undefined;
    await encode(deps, requestId);
    const blobKey = blobKeyOf(headerOf(accepted, blob));
    expect(puts).to.deep.equal([
      keys.q(requestId),
      keys.redundancy(requestId),
      keys.byBlobKey(blobKey),
      keys.encoded(requestId),
    ]);
    expect(bucket.objects.get(keys.redundancy(requestId))).to.deep.equal(blob.redundancyRoots);
    const record = Encoded.parse(JSON.parse(Buffer.from(bucket.objects.get(keys.encoded(requestId)) ?? []).toString()));
    expect(record).to.include({ requestId, blobKey, dataRoot, commitment });
    expect(calls).to.deep.equal({ encoded: 1, poked: 1 });
  });

  it("does nothing twice, but pokes again: the first poke may have been lost", async () => {
    const { deps, calls } = set();
    await encode(deps, requestId);
    await encode(deps, requestId);
    expect(calls).to.deep.equal({ encoded: 1, poked: 2 });
  });

  it("does not mind a job without a record", async () => {
    const { deps, calls } = set();
    await encode(deps, hashOf("nobody"));
    expect(calls).to.deep.equal({ encoded: 0, poked: 0 });
  });

  it("encodes nothing from rows that are gone or cut short", async () => {
    const { bucket, deps } = set();
    bucket.objects.set(keys.rows(requestId), new Uint8Array(100));
    await rejection(encode(deps, requestId), "CorruptObject");
    await bucket.delete(keys.rows(requestId));
    await rejection(encode(deps, requestId), "CorruptObject");
  });

  it("is found by the scan until it is encoded, whatever became of its job (A41)", async () => {
    const { bucket, deps } = set();
    const known = new Set<`0x${string}`>();
    expect(await unencoded(bucket, known)).to.deep.equal([requestId]);
    await encode(deps, requestId);
    expect(await unencoded(bucket, known)).to.deep.equal([]);
    await bucket.delete(keys.pending(requestId));
    await unencoded(bucket, known);
    expect(known.size, "what is over is forgotten").to.equal(0);
  });
});
