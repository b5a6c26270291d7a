import { expect } from "chai";
import { aggregateKeys, g2Struct, openKey, sumSignatures, verifySignature } from "../../../adapters/bls.ts";
import type { HttpClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import type { Intent } from "../../../adapters/outbox.ts";
import { attestationMessage } from "../../../protocol/attestation.ts";
import { type ErrorCode, ZgError } from "../../../protocol/errors.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import type { Attestation } from "../../../workers/batcher/attest.ts";
import { type CollectDeps, collect } from "../../../workers/batcher/collect.ts";
import { keys, type Vote } from "../../../workers/records.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { hashOf, minedAt, planOf, submittedAt, voteOf } from "../facts.ts";
import { put, read } from "./desk.ts";

const chainId = 31337;
const entrance: Hex = `0x${"e1".repeat(20)}`;
const plan = planOf(["a", "b"]);
const { batchId } = plan;
const submitted = submittedAt(10);
const seed = submitted.blockHash;
const message = attestationMessage({ chainId: BigInt(chainId), entrance, batchId, epoch: 3n, seed });
const bls = [0, 1, 2, 3].map((slot) => openKey(secretOf(slot)));
const validators = bls.map(({ publicKey }, slot) => ({
  slot,
  stake: 10n,
  hint: slot + 5,
  key: publicKey,
  socket: `http://validator-${slot}`,
}));
const set = {
  validators,
  totalStake: 40n,
  hint: 2,
  aggregateKey: aggregateKeys(bls.map(({ publicKey }) => publicKey)),
};

function secretOf(slot: number): Hex {
  const bytes = keccakText(`secret ${slot}`);
  bytes[0] = 1;
  return toHex(bytes);
}

type Answer = () => unknown;
const signs =
  (slot: number): Answer =>
  () => ({ signature: bls[slot]!.sign(message), seed, epoch: 3, slot });
const refuses =
  (code: ErrorCode, fields = {}): Answer =>
  () => {
    throw new ZgError(code, fields);
  };

const setUp = (answers: Answer[], more: Partial<CollectDeps> = {}) => {
  const bucket = memoryBucket();
  put(bucket, keys.plan(batchId), plan);
  put(bucket, keys.submitted(batchId), submitted);
  const asked: number[] = [];
  const attestations: Attestation[] = [];
  const enqueued: string[] = [];
  const json: HttpClient["json"] = async (url, schema) => {
    const slot = Number(/validator-(\d)/.exec(url)?.[1]);
    asked.push(slot);
    const parsed = schema.safeParse(answers[slot]!());
    if (!parsed.success) throw new ZgError("BadResponse", { url });
    return parsed.data;
  };
  const deps: CollectDeps = {
    bucket,
    clients: { inside: { json } as HttpClient, outside: { json } as HttpClient },
    validators: { of: async () => set },
    outbox: { enqueue: async ({ id }: Intent) => ({ nonce: enqueued.push(id) - 1 }) },
    calls: {
      confirm: async (_plan, of, attestation) => {
        attestations.push(attestation);
        return { id: `confirm-${batchId}-${of}`, kind: "confirmBatch", to: entrance, data: "0x", value: "0" };
      },
    },
    pokeSend: async () => undefined,
    chainId,
    entrance,
    isInside: () => true,
    graceMs: 0,
    latest: () => 20,
    log: silentLog,
    now: () => 1000,
    ...more,
  };
  const vote = (slot: number) => read<Vote>(bucket, keys.vote(batchId, seed, slot));
  return {
    bucket,
    deps,
    asked,
    attestations,
    enqueued,
    vote,
    run: () => collect(deps, batchId, new AbortController().signal),
  };
};

describe("collecting signatures", () => {
  it("confirms with everybody's signatures: one joint signature that verifies, nobody absent", async () => {
    const { run, attestations, enqueued } = setUp([signs(0), signs(1), signs(2), signs(3)]);
    expect(await run()).to.equal(false);
    expect(enqueued).to.deep.equal([`confirm-${batchId}-${seed}`]);
    const [attestation] = attestations;
    expect(attestation?.absent).to.deep.equal([]);
    expect(attestation?.setHint).to.equal(2);
    const joint = sumSignatures(bls.map((key) => key.sign(message)));
    expect(attestation?.signature).to.deep.equal(g2Struct(joint));
    expect(verifySignature(set.aggregateKey, message, joint)).to.equal(true);
  });

  it("confirms without a validator that is down, and names it with slot, hint and key", async () => {
    const { run, attestations, vote } = setUp([signs(0), refuses("NodeDown"), signs(2), signs(3)]);
    expect(await run()).to.equal(false);
    expect(attestations[0]?.absent.map(({ slot, hint }) => ({ slot, hint }))).to.deep.equal([{ slot: 1, hint: 6 }]);
    expect(vote(1)?.outcome).to.equal("down");
  });

  for (const [what, answer] of [
    ["another validator's signature", signs(0)],
    ["a signature of something else", () => ({ signature: bls[1]!.sign(hashOf("else")), seed })],
    ["bytes that are no point", () => ({ signature: `0x${"11".repeat(256)}`, seed })],
    ["a short signature (A47)", () => ({ signature: "0x1234", seed })],
    ["no signature at all", () => ({})],
    ["HTML", refuses("BadResponse")],
  ] as const) {
    it(`names a validator that gives ${what}, and confirms without it`, async () => {
      const { run, attestations, vote } = setUp([signs(0), answer, signs(2), signs(3)]);
      expect(await run()).to.equal(false);
      expect(vote(1)?.outcome).to.equal("garbage");
      expect(attestations[0]?.absent.map(({ slot }) => slot)).to.deep.equal([1]);
    });
  }

  const parts = { chainId: BigInt(chainId), entrance, batchId, epoch: 3n, seed };
  const replays: Record<string, Partial<typeof parts>> = {
    "another chain": { chainId: 1n },
    "another contract": { entrance: `0x${"e2".repeat(20)}` },
    "another batch": { batchId: hashOf("another batch") },
    "another epoch": { epoch: 2n },
    "another seed": { seed: hashOf("another block") },
  };
  for (const [what, part] of Object.entries(replays)) {
    it(`takes no signature of ${what} for this one's, though it says so and its key is right (A11)`, async () => {
      const signature = bls[1]!.sign(attestationMessage({ ...parts, ...part }));
      const replay = () => ({ signature, seed, epoch: 3, slot: 1 });
      const { run, attestations, vote } = setUp([signs(0), replay, signs(2), signs(3)]);
      expect(await run()).to.equal(false);
      expect(vote(1)?.outcome).to.equal("garbage");
      expect(attestations[0]?.absent.map(({ slot }) => slot)).to.deep.equal([1]);
    });
  }

  it("takes no proof of possession for an attestation (A11)", async () => {
    const proof = { signature: bls[1]!.provePossession(message), seed, epoch: 3, slot: 1 };
    const { run, vote } = setUp([signs(0), () => proof, signs(2), signs(3)]);
    expect(await run()).to.equal(false);
    expect(vote(1)?.outcome).to.equal("garbage");
  });

  it("keeps an infinite signature out of the sum", async () => {
    const { run, vote } = setUp([signs(0), () => ({ signature: `0x${"00".repeat(256)}`, seed }), signs(2), signs(3)]);
    expect(await run()).to.equal(false);
    expect(vote(1)?.outcome).to.equal("garbage");
  });

  it("asks nothing of a validator whose socket is not for everybody (A38)", async () => {
    const { run, asked, vote, deps } = setUp([signs(0), signs(1), signs(2), signs(3)], { isInside: () => false });
    const [first, ...others] = validators;
    const inside = { ...first!, socket: "http://127.0.0.1:6379/validator-0" };
    const moved = { ...set, validators: [inside, ...others] };
    Object.assign(deps, { validators: { of: async () => moved } });
    expect(await run()).to.equal(false);
    expect(asked).to.deep.equal([1, 2, 3]);
    expect(vote(0)).to.include({ outcome: "down", why: "socket refused: an address that is not public" });
  });

  it("waits for more than two thirds, and says nothing of those who still sample", async () => {
    const { run, enqueued, vote } = setUp([signs(0), signs(1), refuses("NotSampled"), refuses("NotSampled")]);
    expect(await run()).to.equal(true);
    expect(enqueued).to.deep.equal([]);
    expect(vote(2)).to.equal(undefined);
  });

  it("does not ask again who has signed, also after a restart", async () => {
    const { run, asked } = setUp([signs(0), signs(1), refuses("NotSampled"), refuses("NotSampled")]);
    await run();
    await run();
    expect(asked.filter((slot) => slot < 2)).to.deep.equal([0, 1]);
  });

  it("names who was late once the others are enough", async () => {
    const { run, vote } = setUp([signs(0), signs(1), signs(2), refuses("NotSampled")]);
    expect(await run()).to.equal(false);
    expect(vote(3)?.outcome).to.equal("slow");
  });

  it("keeps a refusal by name, and which blob it names", async () => {
    const { run, vote } = setUp([
      signs(0),
      signs(1),
      refuses("NotSampled"),
      refuses("SamplingRefused", { code: "CommitmentMismatch", index: 1 }),
    ]);
    await run();
    expect(vote(3)).to.include({ outcome: "refused", code: "CommitmentMismatch", blobKey: plan.blobs[1]?.blobKey });
  });

  it("takes no signature of another fork: after a reorg the seed differs", async () => {
    const other = () => ({ signature: bls[3]!.sign(message), seed: hashOf("another block") });
    const { run, vote } = setUp([signs(0), signs(1), refuses("NotSampled"), other]);
    expect(await run()).to.equal(true);
    expect(vote(3)).to.equal(undefined);
  });

  it("does not count votes of a submission that the chain took back", async () => {
    const { run, bucket, asked } = setUp([signs(0), signs(1), signs(2), signs(3)]);
    for (const slot of [0, 1, 2, 3]) put(bucket, keys.vote(batchId, hashOf("old block"), slot), voteOf(slot));
    await run();
    expect(asked).to.have.length(4);
  });

  it("waits for a block on top of the submission, and is content when somebody else confirmed", async () => {
    const reverts = (error: string) => async () => {
      throw new ZgError("ChainReverted", { error });
    };
    const all = [signs(0), signs(1), signs(2), signs(3)];
    expect(await setUp(all, { calls: { confirm: reverts("TooEarly") } }).run()).to.equal(true);
    expect(await setUp(all, { calls: { confirm: reverts("WrongStatus") } }).run()).to.equal(false);
  });

  it("asks nobody when the batch is gone from the chain, or has failed", async () => {
    const gone = setUp([]);
    await gone.bucket.delete(keys.submitted(batchId));
    expect(await gone.run()).to.equal(false);
    const done = setUp([]);
    put(done.bucket, keys.failed(batchId), minedAt(140));
    expect(await done.run()).to.equal(false);
  });

  it("confirms nothing after the deadline, but says what each validator was waiting for", async () => {
    const withheld = refuses("NotSampled", { why: "column 7 is withheld", who: "http://node-0" });
    const { run, enqueued, vote } = setUp([signs(0), signs(1), withheld, refuses("NodeDown")], { latest: () => 131 });
    expect(await run()).to.equal(false);
    expect(enqueued).to.deep.equal([]);
    expect(vote(2)).to.include({ outcome: "slow", why: "column 7 is withheld (http://node-0)" });
    expect(vote(3)?.outcome).to.equal("down");
  });

  it("does not take the refusal of another fork's batch for one of this", async () => {
    const refused = refuses("SamplingRefused", { code: "CellPathMismatch", seed: hashOf("another block") });
    const { run, vote } = setUp([signs(0), signs(1), refuses("NotSampled"), refused]);
    expect(await run()).to.equal(true);
    expect(vote(3)).to.equal(undefined);
  });
});
