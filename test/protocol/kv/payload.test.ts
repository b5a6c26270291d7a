import { StreamDataBuilder } from "@0gfoundation/0g-ts-sdk";
import { expect } from "chai";
import fc from "fast-check";
import { ZgError } from "../../../protocol/errors.ts";
import { concat, equalBytes, toHex } from "../../../protocol/hex.ts";
import { MAX_KEY_BYTES, MAX_KEYS_BYTES } from "../../../protocol/kv/limits.ts";
import { OPS, type Op } from "../../../protocol/kv/ops.ts";
import {
  decodeHead,
  decodePayload,
  encodePayload,
  type PayloadSource,
  sourceOf,
  type Transaction,
  valuesAt,
} from "../../../protocol/kv/payload.ts";
import { tagsOf, tagsOfStreams, tagsOfVoid } from "../../../protocol/kv/tags.ts";
import { encodeStream, streamTags } from "../../../protocol/stream.ts";
import { refusal } from "../refusal.ts";
import { accountOf, keyOf, LATEST, sdkEncode, streamOf, transactions } from "./sample.ts";

const [A, B] = [streamOf("a"), streamOf("b")];
const any = transactions([A, B], [accountOf("x"), accountOf("y")]);
const decode = (bytes: Uint8Array) => decodePayload(sourceOf(bytes));
const reread = (bytes: Uint8Array): Transaction => {
  const { version, reads, writes, ops } = decode(bytes);
  const valued = writes.map(({ stream, key, at, size }) => ({ stream, key, value: bytes.slice(at, at + size) }));
  return { version, reads, writes: valued, ops };
};
const full: Transaction = {
  version: 7n,
  reads: [{ stream: A, key: keyOf("read") }],
  writes: [
    { stream: A, key: keyOf("first"), value: keyOf("one") },
    { stream: B, key: keyOf("second"), value: new Uint8Array() },
  ],
  ops: [
    { type: OPS.GRANT_ADMIN_ROLE, stream: A, account: accountOf("x") } as Op,
    { type: OPS.RENOUNCE_ADMIN_ROLE, stream: A } as Op,
    { type: OPS.SET_KEY_TO_SPECIAL, stream: A, key: keyOf("k") } as Op,
    { type: OPS.GRANT_SPECIAL_WRITER_ROLE, stream: B, key: keyOf("k"), account: accountOf("y") } as Op,
    { type: OPS.RENOUNCE_SPECIAL_WRITER_ROLE, stream: B, key: keyOf("k") } as Op,
  ],
};
const bytes = encodePayload(full);

/** Only its first bytes exist; whoever reads further wants to allocate what is not there. */
const claiming = (start: Uint8Array, length: number): PayloadSource => ({
  length,
  read: (at, size) => {
    expect(at + size, "read beyond what it was given").to.be.at.most(start.length);
    return start.slice(at, at + size);
  },
});
const u = (value: number, size: number): Uint8Array => {
  const out = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
};

describe("stream payloads", () => {
  it("read back what was written, and nothing else has the same bytes", () => {
    fc.assert(
      fc.property(any, (transaction) => {
        const encoded = encodePayload(transaction);
        expect(reread(encoded)).to.deep.equal(transaction);
        return equalBytes(encodePayload(reread(encoded)), encoded);
      }),
      { numRuns: 300 },
    );
  });

  it("are those of 0G's client, byte for byte", () => {
    fc.assert(
      fc.property(any, (transaction) => {
        const version = transaction.version === LATEST ? 2n ** 53n - 1n : transaction.version;
        return equalBytes(encodePayload({ ...transaction, version }), sdkEncode({ ...transaction, version }));
      }),
      { numRuns: 300 },
    );
    const builder = new StreamDataBuilder(3);
    builder.set(A, keyOf("key"), keyOf("value"));
    const { version, writes } = reread(builder.build().encode());
    expect([version, writes]).to.deep.equal([3n, [{ stream: A, key: keyOf("key"), value: keyOf("value") }]]);
    expect(tagsOf(builder.buildTags())).to.deep.equal({ kind: "streams", streams: [A] });
  });

  it("are those of the DA stream", () => {
    const writes = [{ key: keyOf("batch"), value: keyOf("metadata") }];
    const own = encodePayload({ version: LATEST, writes: writes.map((write) => ({ stream: A, ...write })) });
    expect(toHex(encodeStream(A, writes))).to.equal(toHex(own));
    expect(toHex(streamTags(A))).to.equal(toHex(tagsOfStreams([A])));
  });

  it("are refused by name when cut at any byte, or with a byte too many", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(
        refusal(() => decode(bytes.subarray(0, length))),
        `${length} of ${bytes.length} bytes`,
      ).to.equal("BadPayload");
    }
    expect(refusal(() => decode(concat(bytes, new Uint8Array(1))))).to.equal("BadPayload");
  });

  it("never fail without a name, whatever bytes come", () => {
    const property = fc.property(fc.nat(bytes.length), fc.uint8Array({ maxLength: 80 }), (at, noise) => {
      try {
        decode(concat(bytes.subarray(0, at), noise, bytes.subarray(Math.min(bytes.length, at + noise.length))));
      } catch (error) {
        return error instanceof ZgError && error.code === "BadPayload";
      }
      return true;
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("have their lengths compared before anything is read or allocated", () => {
    const version = new Uint8Array(8);
    const cases: [string, Uint8Array, number, string][] = [
      ["a count that lies", concat(version, u(65_536, 4)), 100, "Invalid stream data"],
      ["a count over the limit", concat(version, u(65_537, 4)), 2 ** 30, "list too long"],
      ["an empty key", concat(version, u(1, 4), new Uint8Array(35)), 2 ** 30, "Invalid stream data"],
      [
        "a key that is not there",
        concat(version, u(1, 4), new Uint8Array(32), u(MAX_KEY_BYTES, 3)),
        99,
        "Invalid stream data",
      ],
      ["a payload over the limit", version, 2 ** 30 + 1, "list too long"],
      [
        "a value of 2^64 − 1 bytes",
        concat(version, u(0, 4), u(1, 4), new Uint8Array(32), u(1, 3), keyOf("k"), new Uint8Array(8).fill(255)),
        2 ** 30,
        "Invalid stream data",
      ],
    ];
    for (const [name, start, length, why] of cases) {
      try {
        decodePayload(claiming(start, length));
        expect.fail(`${name} was accepted`);
      } catch (error) {
        expect(error, name).to.be.instanceOf(ZgError);
        expect(String((error as ZgError).fields.why), name).to.contain(why);
      }
    }
  });

  it("bound what their keys take in memory, and never read a value", () => {
    const key = new Uint8Array(MAX_KEY_BYTES);
    const reads = Array.from({ length: 2 }, () => ({ stream: A, key }));
    expect(2 * MAX_KEY_BYTES).to.be.at.most(MAX_KEYS_BYTES);
    expect(decode(encodePayload({ version: 0n, reads })).reads).to.have.length(2);
    const third = { stream: A, key: new Uint8Array(3) };
    expect(refusal(() => encodePayload({ version: 0n, reads: [...reads, third] }))).to.equal("BadPayload");

    const value = new Uint8Array(100_000).fill(1);
    const long = encodePayload({ version: 0n, writes: [{ stream: A, key: keyOf("k"), value }] });
    const read: number[] = [];
    const source: PayloadSource = {
      length: long.length,
      read: (at, size) => {
        read.push(size);
        return long.slice(at, at + size);
      },
    };
    decodePayload(source);
    expect(Math.max(...read)).to.be.at.most(32);
  });

  it("hold as many writes as 0G allows, and not one more", () => {
    const writes = Array.from({ length: 65_537 }, (_, i) => ({ stream: A, key: keyOf(`${i}`), value: keyOf("v") }));
    expect(decode(encodePayload({ version: 0n, writes: writes.slice(1) })).writes).to.have.length(65_536);
    expect(refusal(() => encodePayload({ version: 0n, writes }))).to.equal("BadPayload");
  });

  it("say where their values begin, from any beginning that goes as far", () => {
    fc.assert(
      fc.property(any, (transaction) => {
        const payload = encodePayload(transaction);
        const { values } = decode(payload);
        expect(valuesAt(payload)).to.equal(values);
        for (let end = 0; end < values; end++) expect(valuesAt(payload.subarray(0, end)), `${end}`).to.equal(undefined);
        expect(valuesAt(payload.subarray(0, values))).to.equal(values);
      }),
      { seed: 7, numRuns: 200 },
    );
    const long = { stream: A, key: new Uint8Array(MAX_KEY_BYTES) };
    expect(valuesAt(encodePayload({ version: 0n, reads: [long] }).subarray(0, 2 ** 20))).to.equal(undefined);
  });

  it("give their values' places from the head alone", () => {
    const { writes, values } = decode(bytes);
    expect(decodeHead(bytes.subarray(0, values), bytes.length).writes).to.deep.equal(writes);
    expect(refusal(() => decodeHead(bytes.subarray(0, values + 1), bytes.length))).to.equal("BadPayload");
    expect(refusal(() => decodeHead(bytes.subarray(0, values), values + 2))).to.equal("BadPayload");
  });
});

describe("tags", () => {
  it("name streams once each, or one entry to withdraw, and are nothing else otherwise", () => {
    expect(tagsOf(tagsOfStreams([A, B, A]))).to.deep.equal({ kind: "streams", streams: [A, B] });
    expect(tagsOf(tagsOfVoid(300))).to.deep.equal({ kind: "void", target: 300 });
    const [streams, withdrawal] = [tagsOfStreams([A]), tagsOfVoid(1)];
    const others = [
      new Uint8Array(),
      streams.subarray(0, 32),
      streams.subarray(0, 63),
      concat(streams, new Uint8Array(1)),
      withdrawal.subarray(0, 32),
      concat(withdrawal, new Uint8Array(32)),
      concat(withdrawal.subarray(0, 32), new Uint8Array(32).fill(255)),
      new Uint8Array(64),
    ];
    for (const tags of others) expect(tagsOf(tags), toHex(tags)).to.deep.equal({ kind: "none" });
  });

  it("are marked by sha256 of STREAM and of VOID", async () => {
    for (const [name, tags] of [
      ["STREAM", tagsOfStreams([A])],
      ["VOID", tagsOfVoid(1)],
    ] as const) {
      const digest = await crypto.subtle.digest("SHA-256", keyOf(name).slice());
      expect(toHex(tags.subarray(0, 32))).to.equal(toHex(new Uint8Array(digest)));
    }
  });
});
