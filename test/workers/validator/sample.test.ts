import { expect } from "chai";
import { verifySignature } from "../../../adapters/bls.ts";
import type { Compute } from "../../../adapters/compute.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { attestationOf } from "../../../workers/validator/answer.ts";
import type { Outcome } from "../../../workers/validator/record.ts";
import { rejection } from "../../fakes/errors.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { flippedParity, honest, nonCanonical, noProof, otherRows, overlapping, wrongProof } from "../batches.ts";
import { confirmedEvent, failedEvent, submittedEvent } from "../fake-chain.ts";
import { frame, type Stored } from "../stored.ts";
import {
  A,
  B,
  type Behaviour,
  drawnOf,
  key,
  messageOf,
  openValidator,
  SAMPLES,
  type TestValidator,
  type TestValidatorOptions,
} from "./validator.ts";

const never = (): Promise<Uint8Array> => new Promise(() => undefined);
const fail = (code: ConstructorParameters<typeof ZgError>[0]) => (): never => {
  throw new ZgError(code, {});
};

describe("a validator", function () {
  this.timeout(60_000);
  let compute: Compute;
  let good: Stored;
  let validator: TestValidator;
  const id = (stored = good) => stored.batch.facts.batchId;
  const open = async (more: Partial<TestValidatorOptions> = {}): Promise<TestValidator> => {
    validator = await openValidator({ compute, batches: [good], ...more });
    return validator;
  };
  const nodes = (a: Behaviour, b: Behaviour = {}) => ({ behaviours: { [A]: a, [B]: b } });
  const answer = (stored = good) =>
    attestationOf(id(stored), validator.ledger.find(id(stored)), validator.progress.get(id(stored)));
  const refusal = (stored = good): ZgError => {
    try {
      answer(stored);
    } catch (error) {
      return error as ZgError;
    }
    throw new Error("signed");
  };
  const seedOf = (stored = good) => validator.ledger.find(id(stored))?.batch.seed as Hex;

  before(async () => {
    compute = await sharedCompute();
    good = await honest();
  });
  afterEach(() => validator.close());

  it("samples what its own signature draws, keeps it, and signs", async () => {
    await open();
    expect(refusal()).to.include({ code: "NotSampled" });
    const block = await validator.submit(good);
    expect(seedOf()).to.equal(validator.fake.hashAt(block));
    expect(refusal().fields.why).to.equal("sampling has not begun");
    expect(await validator.round(good)).to.equal(undefined);
    const { signature, seed, epoch, slot } = answer();
    expect({ seed, epoch, slot }).to.deep.equal({ seed: seedOf(), epoch: 3, slot: 0 });
    expect(verifySignature(key.publicKey, messageOf(good, seed), signature)).to.equal(true);
    const drawn = drawnOf(good, seed);
    expect(new Set(drawn).size).to.equal(SAMPLES);
    expect(validator.ledger.samples(id())).to.deep.equal([...drawn].sort((a, b) => a - b));
    for (const column of drawn) {
      expect(new Uint8Array(validator.ledger.sample(id(), column) as Uint8Array)).to.deep.equal(frame(good, column));
    }
    const columns = validator.asked.filter((url) => url.includes("/columns/"));
    expect(columns).to.have.length(SAMPLES);
  });

  it("A18: signs nothing before every drawn column is on disk", async () => {
    await open();
    await validator.submit(good);
    const { ledger } = validator;
    const order: string[] = [];
    const write = ledger.store.write.bind(ledger.store);
    ledger.store.write = async (change) => {
      const names: string[] = [];
      const result = await write((tx) =>
        change({
          ...{ get: tx.get, delete: tx.delete },
          put: (table, name, value) => {
            names.push(table);
            tx.put(table, name, value);
          },
        }),
      );
      order.push(...names);
      return result;
    };
    await validator.round(good);
    expect(order.filter((table) => table === "samples")).to.have.length(SAMPLES);
    expect(order.indexOf("outcomes")).to.be.greaterThan(order.lastIndexOf("samples"));
  });

  it("A18: a disk that does not take a column means no signature, and the reason is told", async () => {
    await open();
    await validator.submit(good);
    const { ledger } = validator;
    const write = ledger.store.write.bind(ledger.store);
    let puts = 0;
    ledger.store.write = (change) =>
      write((tx) =>
        change({
          ...{ get: tx.get, delete: tx.delete },
          put: (table, name, value) => {
            if (table === "samples" && ++puts > 3) throw new Error("ENOSPC: no space left on device");
            tx.put(table, name, value);
          },
        }),
      );
    const error = await validator.round(good).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(String(error)).to.contain("ENOSPC");
    expect(refusal()).to.include({ code: "NotSampled" });
    expect(refusal().fields.why).to.contain("ENOSPC");
    ledger.store.write = write;
    await validator.round(good);
    expect(answer().slot).to.equal(0);
  });

  it("goes on where it stopped: columns it has are not fetched again", async () => {
    let down = 3;
    const flaky: Behaviour = {
      column: (stored, column) => {
        if (down-- > 0) return frame(stored, column);
        throw new ZgError("NodeDown", {});
      },
    };
    await open({ behaviours: { [A]: flaky } });
    await validator.submit(good);
    expect(await validator.round(good)).to.be.a("number");
    const have = validator.ledger.samples(id()).length;
    expect(have).to.equal(3);
    expect(refusal().fields).to.include({ who: A });
    validator = await validator.restart();
    await validator.follow();
    down = 100;
    await validator.round(good);
    expect(answer().slot).to.equal(0);
    expect(validator.asked.filter((url) => url.includes("/columns/"))).to.have.length(SAMPLES - have);
    expect(validator.asked.filter((url) => url.endsWith("/metadata"))).to.have.length(0);
  });

  const lies: [what: string, lie: Behaviour, fault: string][] = [
    ["wrong bytes", { column: (s, c) => frame(s, c).fill(7, 0, 9) }, "wrong (CellPathMismatch)"],
    ["cells of another column", { column: (s, c) => frame(s, (c + 1) % 128) }, "wrong (CellPathMismatch)"],
    ["a short answer", { column: (s, c) => frame(s, c).slice(0, -1) }, "wrong (LengthMismatch)"],
    ["nothing", { column: () => new Uint8Array(0) }, "wrong (LengthMismatch)"],
    ["an error of its own making", { column: fail("ColumnProofMismatch") }, "withholding (ColumnProofMismatch)"],
    ["that it does not have it", { column: fail("NotFound") }, "withholding (NotFound)"],
    ["nonsense", { column: fail("BadResponse") }, "wrong (BadResponse)"],
    ["nothing at all, being down", { column: fail("NodeDown") }, "down (NodeDown)"],
  ];
  for (const [what, lie, fault] of lies) {
    it(`one node answers with ${what}: the other is asked, the batch signed, the node named`, async () => {
      await open(nodes(lie));
      await validator.submit(good);
      await validator.round(good);
      expect(answer().slot).to.equal(0);
      const [kind = ""] = fault.split(" ");
      expect(validator.nodes.faults()[A]).to.deep.equal({ [kind]: SAMPLES });
    });

    it(`all nodes answer with ${what}: no signature, no verdict, and who and why are told`, async () => {
      await open(nodes(lie, lie));
      await validator.submit(good);
      expect(await validator.round(good)).to.be.a("number");
      const { code, fields } = refusal();
      expect(code).to.equal("NotSampled");
      expect(fields.why).to.contain(`0 of ${SAMPLES} columns verified`).and.to.contain(fault).and.to.contain(A);
      expect([A, B]).to.include(fields.who as string);
    });
  }

  it("a node that hangs is overtaken by the next", async () => {
    await open({ ...nodes({ column: never, metadata: never }), hedgeMs: 20 });
    await validator.submit(good);
    await validator.round(good);
    expect(answer().slot).to.equal(0);
  });

  it("metadata that is not what the chain recorded is the node's lie, not the batch's", async () => {
    const other = await overlapping();
    const lie = (stored: Stored): Uint8Array => {
      const bytes = stored.batch.bytes.slice();
      bytes[300] = (bytes[300] as number) ^ 1;
      return bytes;
    };
    await open(nodes({ metadata: lie }, { metadata: lie }));
    await validator.submit(good);
    expect(await validator.round(good)).to.be.a("number");
    expect(refusal().fields.why).to.contain("wrong (MetadataRootMismatch)");
    await validator.close();
    await open(nodes({ metadata: () => other.batch.bytes }));
    await validator.submit(good);
    await validator.round(good);
    expect(answer().slot).to.equal(0);
  });

  it("nodes that are still being filled are asked again soon, and are not told twice", async () => {
    let ready = false;
    const filling: Behaviour = {
      column: (stored, column) => {
        if (!ready) throw new ZgError("NotStaged", {});
        return frame(stored, column);
      },
    };
    await open(nodes(filling, filling));
    await validator.submit(good);
    expect(await validator.round(good)).to.equal(200);
    expect(await validator.round(good)).to.equal(200);
    expect(validator.asked.filter((url) => url.includes("/columns/")).length).to.be.at.most(2 * 2 * 8);
    ready = true;
    await validator.round(good);
    expect(answer().slot).to.equal(0);
  });

  it("A19: 65 columns withheld by everybody: it keeps asking until the deadline, then refuses and says why", async () => {
    await open();
    const block = await validator.submit(good);
    const drawn = drawnOf(good, seedOf());
    const withheld = new Set([...drawn.slice(0, 3), ...Array.from({ length: 128 }, (_, j) => j)].slice(0, 65));
    const hide: Behaviour = {
      column: (stored, column) => {
        if (withheld.has(column)) throw new ZgError("NotFound", {});
        return frame(stored, column);
      },
    };
    await validator.close();
    await open(nodes(hide, hide));
    await validator.submit(good);
    const pauses = [await validator.round(good), await validator.round(good), await validator.round(good)];
    expect(pauses).to.deep.equal([400, 800, 1_600]);
    validator.fake.mineTo(block + 20);
    await validator.follow();
    expect(await validator.round(good)).to.equal(2_000);
    validator.fake.mine();
    await validator.follow();
    expect(await validator.round(good)).to.equal(undefined);
    const { code, fields } = refusal();
    expect(code).to.equal("SamplingRefused");
    expect(fields).to.include({ code: "Unavailable", deadline: block + 20 });
    expect(fields.why).to.contain("withholding (NotFound)");
  });

  it("F6: a recorded proof that does not hold: evidence, kept and published, and never a signature", async () => {
    await open();
    await validator.submit(good);
    const column = drawnOf(good, seedOf())[4] as number;
    await validator.close();
    // The signature depends on the seed alone, and the fake chain's blocks are the same again.
    const bad = await wrongProof(column);
    await open({ batches: [bad] });
    await validator.submit(bad);
    expect(drawnOf(bad, seedOf(bad))).to.include(column);
    expect(await validator.round(bad)).to.equal(undefined);
    expect(refusal(bad).fields).to.include({ code: "ColumnProofMismatch", column, who: null });
    expect(validator.ledger.evidence(id(bad))).to.deep.include({ column, code: "ColumnProofMismatch" });
    expect(validator.published).to.deep.equal([id(bad)]);
    validator = await validator.restart();
    expect(await validator.round(bad)).to.equal(undefined);
    expect(refusal(bad).code).to.equal("SamplingRefused");
  });

  it("F6: a recorded proof that is no point is evidence, too: no node is blamed for it", async () => {
    const bad = await noProof(70);
    await open({ batches: [bad], samples: 128 });
    await validator.submit(bad);
    expect(await validator.round(bad)).to.equal(undefined);
    expect(refusal(bad).fields).to.include({ code: "BadPoint", column: 70, who: null });
    expect(validator.ledger.evidence(id(bad))?.column).to.equal(70);
    expect(validator.published).to.deep.equal([id(bad)]);
  });

  it("F1: lying nodes serve a flipped element under an honest tree: whoever draws it has the evidence", async () => {
    const bad = await flippedParity(100);
    await open({ batches: [bad], samples: 128 });
    await validator.submit(bad);
    await validator.round(bad);
    expect(refusal(bad).fields).to.include({ code: "ColumnProofMismatch", column: 100 });
    expect(validator.ledger.evidence(id(bad))?.column).to.equal(100);
  });

  it("F3: rows that are certified and others that are to be mined: no sample, no signature, whoever gives the metadata", async () => {
    const bad = await otherRows();
    await open({ batches: [bad], samples: 128 });
    await validator.submit(bad);
    expect(await validator.round(bad)).to.equal(undefined);
    expect(refusal(bad).fields).to.include({ code: "RowsRootMismatch", who: null });
    expect(validator.asked.filter((url) => url.includes("/columns/"))).to.deep.equal([]);
    expect(validator.ledger.samples(id(bad))).to.deep.equal([]);
  });

  it("F7: an element that is not canonical under the recorded roots is evidence, too", async () => {
    const bad = await nonCanonical(70);
    await open({ batches: [bad], samples: 128 });
    await validator.submit(bad);
    await validator.round(bad);
    expect(refusal(bad).fields).to.include({ code: "NonCanonicalElement", column: 70 });
  });

  it("evidence from somebody else counts if it holds, and only then", async () => {
    const column = 127;
    const bad = await wrongProof(column);
    const slow = fail("Timeout");
    await open({ batches: [bad, good], ...nodes({ column: slow }, { column: slow }) });
    await validator.submit(bad);
    await validator.round(bad);
    const metadata = validator.ledger.metadata(id(bad));
    expect(metadata).to.not.equal(undefined);
    expect(await validator.evidence(bad, 5, frame(bad, 5))).to.equal(false);
    expect(await validator.evidence(bad, column, frame(bad, 5))).to.equal(false);
    expect(await validator.evidence(bad, column, new Uint8Array(7))).to.equal(false);
    expect(refusal(bad).code).to.equal("NotSampled");
    expect(await validator.evidence(bad, column, frame(bad, column))).to.equal(true);
    expect(refusal(bad).fields).to.include({ code: "ColumnProofMismatch", column });
    // Decided: who brings it again need not come back.
    expect(await validator.evidence(bad, column, frame(bad, column))).to.equal(true);
    await rejection(validator.evidence(await overlapping(), 1, new Uint8Array(7)), "UnknownBatch");
  });

  it("signs only for epochs in which it has stake", async () => {
    await open({ from: 4 });
    await validator.submit(good);
    expect(await validator.round(good)).to.equal(undefined);
    expect(refusal().fields).to.include({ code: "NotASigner", epoch: 3 });
    await validator.close();
    await open({ registered: false });
    await validator.submit(good);
    await validator.round(good);
    expect(refusal().fields).to.include({ code: "NotASigner" });
    expect(validator.asked).to.deep.equal([]);
  });

  it("one signature for a batch and seed, across restarts and repeated events", async () => {
    await open();
    await validator.submit(good);
    await validator.round(good);
    const first = answer();
    validator = await validator.restart();
    await validator.follow();
    expect(await validator.round(good)).to.equal(undefined);
    expect(answer()).to.deep.equal(first);
    const signature: Hex = `0x${"11".repeat(256)}`;
    const other: Outcome = { kind: "signed", signature, slot: 9, columns: [], time: 2 };
    expect(await validator.ledger.decide(id(), first.seed, other)).to.include({ signature: first.signature });
    expect(answer()).to.deep.equal(first);
    expect(validator.ledger.store.table("outcomes").count()).to.equal(1);
  });

  it("A46: after a reorg the seed differs: the old signature is not given out, it samples and signs again", async () => {
    await open();
    await validator.submit(good);
    await validator.round(good);
    const first = answer();
    await validator.reorg(0);
    expect(refusal()).to.include({ code: "NotSampled" });
    expect(await validator.round(good)).to.equal(undefined);
    validator.fake.mine();
    await validator.submit(good);
    expect(refusal()).to.include({ code: "NotSampled" });
    await validator.round(good);
    const second = answer();
    expect(second.seed).to.not.equal(first.seed);
    expect(second.signature).to.not.equal(first.signature);
    expect(validator.ledger.store.table("outcomes").count()).to.equal(2);
    for (const column of drawnOf(good, second.seed)) expect(validator.ledger.samples(id())).to.include(column);
  });

  it("a reorg in the middle of a round: what was drawn by the old seed is not signed", async () => {
    let during = async (): Promise<void> => undefined;
    const slow: Behaviour = {
      column: async (stored, column) => {
        await during();
        return frame(stored, column);
      },
    };
    await open({ behaviours: { [A]: slow } });
    await validator.submit(good);
    during = async () => {
      during = async () => undefined;
      await validator.reorg(0);
      validator.fake.mine(submittedEvent(good.batch));
      await validator.follow();
    };
    await validator.round(good);
    expect(validator.ledger.store.table("outcomes").count()).to.equal(0);
    await validator.round(good);
    expect(answer().seed).to.equal(validator.fake.hashAt(1));
  });

  it("a batch that turns into another one in the middle of a round leaves nothing of the first", async () => {
    let during = async (): Promise<void> => undefined;
    const slow: Behaviour = {
      column: async (stored, column) => {
        await during();
        return frame(stored, column);
      },
    };
    await open({ behaviours: { [A]: slow } });
    await validator.submit(good);
    during = async () => {
      during = async () => undefined;
      await validator.reorg(0);
      validator.fake.mine(submittedEvent({ facts: { ...good.batch.facts, metadataRoot: `0x${"77".repeat(32)}` } }));
      await validator.follow();
    };
    await validator.round(good);
    expect(validator.ledger.samples(id())).to.deep.equal([]);
    expect(validator.ledger.metadata(id())).to.equal(undefined);
    expect(refusal().code).to.equal("NotSampled");
  });

  it("confirmed without it, or failed: it stops", async () => {
    await open();
    await validator.submit(good);
    validator.fake.mine(confirmedEvent(good.batch, 0, seedOf()));
    await validator.follow();
    expect(await validator.round(good)).to.equal(undefined);
    expect(validator.asked).to.deep.equal([]);
    await validator.reorg(1);
    validator.fake.mine(failedEvent(good.batch));
    await validator.follow();
    expect(await validator.round(good)).to.equal(undefined);
    expect(validator.asked).to.deep.equal([]);
  });

  it("keeps its samples for as long as the batch is retained, and no longer", async () => {
    await open();
    await validator.submit(good);
    await validator.round(good);
    validator.fake.mine(confirmedEvent(good.batch, 0, seedOf()));
    await validator.follow();
    await validator.drop(1_000);
    expect(validator.ledger.samples(id())).to.have.length(SAMPLES);
    await validator.drop(1_001);
    expect(validator.ledger.samples(id())).to.have.length(0);
    expect(answer().slot).to.equal(0);
  });
});
