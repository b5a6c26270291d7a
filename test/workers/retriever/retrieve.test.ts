import { expect } from "chai";
import { type Compute, openCompute } from "../../../adapters/compute.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { bytesToBig, type Hex, toHex } from "../../../protocol/hex.ts";
import { CELL_BYTES, EXTENDED_ROW_BYTES, FIELD_ORDER, PAYLOAD_PER_ROW } from "../../../protocol/params.ts";
import { createReport, type RetrieveOptions, retrieve, type Source } from "../../../workers/retriever/index.ts";
import { type Batch, bytesOf, chainOf, honest, makeBatch, never, sharded, validator, withholding } from "./fixture.ts";

const UNKNOWN: Hex = `0x${"77".repeat(32)}`;

describe("retrieve", function () {
  this.timeout(60_000);
  let compute: Compute;
  let batch: Batch;

  before(async () => {
    compute = await openCompute({ threads: 2, precompute: 0 });
    batch = await makeBatch({ compute, payloads: [bytesOf(100, 1), bytesOf(PAYLOAD_PER_ROW + 1_000, 2)] });
  });
  after(() => compute.close());

  const read = (sources: readonly Source[], options: Partial<RetrieveOptions> = {}) =>
    retrieve({
      blobKey: batch.keys[1] as Hex,
      readBatch: chainOf(batch.onChain),
      sources,
      compute,
      hedgeMs: 100,
      deadlineMs: 30_000,
      ...options,
    });
  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
      return "no error";
    } catch (error) {
      return error instanceof ZgError ? error.code : String(error);
    }
  };
  const expectPayload = ({ payload }: { payload: Uint8Array }, from = batch, index = 1): void => {
    expect(Buffer.compare(payload, from.payloads[index] as Uint8Array)).to.equal(0);
  };

  it("reads every blob of a batch back from one node, the systematic half alone", async () => {
    const asked: number[] = [];
    const node = honest("a", batch);
    const spy: Source = {
      ...node,
      column: (id, column, ...rest) => {
        asked.push(column);
        return node.column(id, column, ...rest);
      },
    };
    expectPayload(await read([spy]));
    expect(Math.max(...asked)).to.equal(63);
    expect(asked).to.have.length(64);
    expectPayload(await read([spy], { blobKey: batch.keys[0] }), batch, 0);
  });

  it("spreads the columns over equal nodes and says who served what", async () => {
    const report = createReport();
    await read([honest("a", batch), honest("b", batch)], { report });
    for (const { columns, lied, slow } of report.sources()) {
      expect(columns).to.be.within(20, 44);
      expect([lied, slow]).to.deep.equal([0, 0]);
    }
  });

  it("counts proved bytes up to all of them", async () => {
    let last = 0;
    await read([honest("a", batch)], {
      onProgress: (progress) => {
        if (progress.stage !== "columns") return;
        expect(progress.bytes).to.be.at.least(last);
        last = progress.bytes;
        expect(progress.total).to.equal(2 * 64 * CELL_BYTES);
      },
    });
    expect(last).to.equal(2 * 64 * CELL_BYTES);
  });

  describe("A19: any 64 columns withheld by everyone are not missed, 65 are", () => {
    for (const [name, order] of [
      ["the systematic half first", (column: number) => column],
      ["the redundancy first", (column: number) => 127 - column],
      ["scattered", (column: number) => (column * 37) % 128],
    ] as const) {
      for (const withheld of [63, 64]) {
        it(`${withheld}, ${name}`, async () => {
          const hidden = (column: number) => order(column) < withheld;
          expectPayload(await read([withholding("a", batch, hidden), withholding("b", batch, hidden)]));
        });
      }
      it(`65, ${name}`, async () => {
        const hidden = (column: number) => order(column) < 65;
        const began = performance.now();
        const sources = [withholding("a", batch, hidden), withholding("b", batch, hidden)];
        expect(await codeOf(read(sources))).to.equal("Unavailable");
        expect(performance.now() - began).to.be.below(3_000);
      });
    }

    it("64 columns that are never answered", async () => {
      const node = honest("a", batch);
      const silent: Source = {
        ...node,
        column: (id, column, range, rows, signal) =>
          column < 64 ? never(signal) : node.column(id, column, range, rows, signal),
      };
      expectPayload(await read([silent], { hedgeMs: 30 }));
    });

    it("what validators keep counts, too", async () => {
      const hidden = withholding("a", batch, (column) => column < 100);
      const sampled = [validator("v0", batch, bytesRange(0, 30)), validator("v1", batch, bytesRange(20, 50))];
      expectPayload(await read([hidden, ...sampled]));
      expect(await codeOf(read([hidden, sampled[0] as Source]))).to.equal("Unavailable");
    });

    it("nodes that deny blob, metadata and columns are passed over: signers have all three (F2)", async () => {
      const no = async () => {
        throw new ZgError("NotFound", {});
      };
      const denying = honest("a", batch, { locate: no, metadata: no, column: no });
      const signers = [validator("v0", batch, bytesRange(0, 40)), validator("v1", batch, bytesRange(30, 70))];
      expectPayload(await read([denying, ...signers]));
      expect(await codeOf(read([denying]))).to.equal("NotFound");
      expect(await codeOf(read([denying, signers[0] as Source]))).to.equal("Unavailable");
      // A node that names the place and keeps the metadata back is no better.
      expectPayload(await read([honest("b", batch, { metadata: no, column: no }), ...signers]));
    });

    it("a validator's word that a blob is nowhere, or elsewhere, takes nothing from what nodes say", async () => {
      const no = async () => {
        throw new ZgError("Unavailable", {});
      };
      const elsewhere = async () => ({ batchId: `0x${"ee".repeat(32)}` as const, index: 0 });
      for (const locate of [no, elsewhere]) {
        const liar = { ...validator("v", batch, []), locate };
        expectPayload(await read([honest("a", batch), liar]));
        const unknowing = honest("a", batch, {
          locate: async () => {
            throw new ZgError("NotFound", {});
          },
        });
        expect(await codeOf(read([unknowing, liar]))).to.equal("NotFound");
      }
    });
  });

  describe("nodes that keep a shard each, and no whole column", () => {
    const halves = (wrong: Partial<Source> = {}) => [sharded("even", batch, 0, 2), sharded("odd", batch, 1, 2, wrong)];
    const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 70_000 ? byte ^ 1 : byte));

    it("give the blob in whole rows, each asked for a column in vain only a few times", async () => {
      const report = createReport();
      expectPayload(await read(halves(), { report }));
      for (const { rows, lied, refused } of report.sources()) {
        expect([rows, lied]).to.deep.equal([1, 0]);
        expect(refused).to.be.at.most(18);
      }
      const columns = report.sources().map((source) => source.columns);
      expect(columns).to.deep.equal([0, 0]);
    });

    it("are not asked for rows when somebody has whole columns", async () => {
      const report = createReport();
      expectPayload(await read([...halves(), honest("full", batch)], { report }));
      expect(report.sources().map(({ rows }) => rows)).to.deep.equal([0, 0, 0]);
    });

    it("that lie are named, and the row comes from another", async () => {
      const report = createReport();
      const liar = sharded("liar", batch, 1, 2, { row: async (_id, row) => flipped(batch.row(row)) });
      expectPayload(await read([...halves(), liar], { report }));
      const [named] = report.sources().filter(({ source }) => source === "liar");
      expect(named?.lied).to.be.within(1, 2);
      const short = async (_id: Hex, row: number): Promise<Uint8Array> => batch.row(row).subarray(1);
      expect(await codeOf(read(halves({ row: short })))).to.equal("Unavailable");
    });

    it("and do not have all rows between them say so at once", async () => {
      const began = performance.now();
      expect(await codeOf(read([sharded("even", batch, 0, 2)]))).to.equal("Unavailable");
      expect(await codeOf(read([sharded("one", batch, 1, 4), sharded("two", batch, 3, 4)]))).to.equal("Unavailable");
      expect(performance.now() - began).to.be.below(3_000);
    });

    it("a node whose disk forgot a row gives the others", async () => {
      const forgetful = (name: string, forgotten: number): Source =>
        honest(name, batch, {
          column: async (_id, _column, { from, to }) => {
            if (from <= forgotten && forgotten < to) throw new ZgError("CorruptObject", { row: forgotten });
            throw new ZgError("NotFound", {});
          },
          row: async (_id, row) => {
            if (row === forgotten) throw new ZgError("CorruptObject", { row });
            return batch.row(row);
          },
        });
      expectPayload(await read([forgetful("first", 1), forgetful("second", 2)]));
    });
  });

  describe("A47: nodes that do not keep to the protocol", () => {
    const wrong: Record<string, (frame: Uint8Array, column: number) => Uint8Array> = {
      "wrong bytes": (frame) => {
        frame[7] = (frame[7] as number) ^ 1;
        return frame;
      },
      "the cells of another column": (_frame, column) => batch.frame((column + 1) % 128, 1, 3),
      "the cells of another blob": (_frame, column) => batch.frame(column, 0, 2),
      "rows in another order": (frame) =>
        Buffer.concat([frame.subarray(frame.length / 2), frame.subarray(0, frame.length / 2)]),
      "short answers": (frame) => frame.subarray(1),
      "empty answers": () => new Uint8Array(0),
      "F7: a non-canonical element": (frame) => {
        const element = bytesToBig(frame.subarray(0, 32)) + FIELD_ORDER;
        frame.set(Buffer.from(element.toString(16).padStart(64, "0"), "hex"));
        return frame;
      },
    };
    for (const [name, spoil] of Object.entries(wrong)) {
      it(`${name}: another node is asked, the liar is named`, async () => {
        const node = honest("a", batch);
        const liar: Source = {
          ...node,
          name: "liar",
          column: async (id, column, ...rest) => spoil(Uint8Array.from(await node.column(id, column, ...rest)), column),
        };
        const report = createReport();
        expectPayload(await read([liar, honest("b", batch)], { report }));
        const [named] = report.sources().filter(({ source }) => source === "liar");
        expect(named?.lied).to.be.greaterThan(0);
        expect(report.sources().find(({ source }) => source === "b")?.lied).to.equal(0);
        expect(await codeOf(read([liar]))).to.equal("Unavailable");
      });
    }

    it("a node that spoils one row of each column costs that row only", async () => {
      const half = (name: string, row: number): Source => {
        const node = honest(name, batch);
        return {
          ...node,
          column: async (id, column, range, ...rest) => {
            const frame = Uint8Array.from(await node.column(id, column, range, ...rest));
            const at = (row - range.from) * (frame.length / (range.to - range.from));
            if (at >= 0 && at < frame.length) frame[at + 40] = (frame[at + 40] as number) ^ 0x80;
            return frame;
          },
        };
      };
      expectPayload(await read([half("first", 1), half("second", 2)]));
      expect(await codeOf(read([half("first", 1), half("also first", 1)]))).to.equal("Unavailable");
    });

    it("a node that never answers is waited for by nobody", async () => {
      const silent = honest("silent", batch, {
        locate: (_key, signal) => never(signal),
        metadata: (_id, _max, signal) => never(signal),
        column: (_id, _column, _range, _rows, signal) => never(signal),
      });
      const report = createReport();
      const began = performance.now();
      expectPayload(await read([silent, honest("b", batch)], { report }));
      expect(performance.now() - began).to.be.below(5_000);
      expect(report.sources().find(({ source }) => source === "silent")?.slow).to.be.greaterThan(0);
    });

    it("a node that is gone is not missed", async () => {
      const gone = async (): Promise<never> => {
        throw new ZgError("NodeDown");
      };
      expectPayload(
        await read([honest("gone", batch, { locate: gone, metadata: gone, column: gone }), honest("b", batch)]),
      );
    });

    it("a node that was busy is asked once more before the blob is given up", async () => {
      for (const method of ["locate", "metadata"] as const) {
        const node = honest("busy", batch);
        let asked = 0;
        const busy = async (...args: never[]): Promise<never> => {
          asked += 1;
          if (asked === 1) throw new ZgError("Timeout");
          return (node[method] as (...args: never[]) => Promise<never>)(...args);
        };
        expectPayload(await read([{ ...node, [method]: busy }]));
        expect(asked).to.equal(2);
      }
    });

    it("wrong metadata is refused and fetched elsewhere", async () => {
      const spoilt = Uint8Array.from(batch.metadata);
      spoilt[400] = (spoilt[400] as number) ^ 1;
      const report = createReport();
      expectPayload(
        await read([honest("liar", batch, { metadata: async () => spoilt }), honest("b", batch)], { report }),
      );
      expect(await codeOf(read([honest("liar", batch, { metadata: async () => spoilt })]))).to.equal("Unavailable");
    });

    it("a batch that the chain does not know, or a wrong index, is not believed", async () => {
      const elsewhere = honest("liar", batch, { locate: async () => ({ batchId: UNKNOWN, index: 0 }) });
      const misplaced = honest("other liar", batch, { locate: async () => ({ batchId: batch.batchId, index: 0 }) });
      const report = createReport();
      expectPayload(await read([elsewhere, misplaced, honest("b", batch)], { report }));
      const ignorant = honest("c", batch, {
        locate: async () => {
          throw new ZgError("NotFound");
        },
      });
      expect(await codeOf(read([elsewhere, misplaced, ignorant]))).to.equal("NotFound");
    });
  });

  describe("errors told apart", () => {
    const on = (change: Partial<Batch["onChain"]>) => ({ readBatch: chainOf({ ...batch.onChain, ...change }) });

    it("NotFound", async () => {
      expect(await codeOf(read([honest("a", batch)], { blobKey: UNKNOWN }))).to.equal("NotFound");
    });
    it("NotYetAvailable", async () => {
      expect(await codeOf(read([honest("a", batch)], on({ status: "Submitted" })))).to.equal("NotYetAvailable");
    });
    it("Unavailable, because the batch failed, or because nobody answers", async () => {
      expect(await codeOf(read([honest("a", batch)], on({ status: "Unavailable" })))).to.equal("Unavailable");
      expect(await codeOf(read([]))).to.equal("Unavailable");
    });
    it("Expired from the block after retainUntil", async () => {
      expectPayload(await read([honest("a", batch)], on({ head: 1_000 })));
      expect(await codeOf(read([honest("a", batch)], on({ head: 1_001 })))).to.equal("Expired");
    });
    it("a liar that names another batch turns NotFound into nothing else, whatever the chain says of that batch", async () => {
      const other = await makeBatch({ compute, payloads: [bytesOf(50, 9)], batchId: `0x${"cc".repeat(32)}` });
      const ignorant = honest("a", batch);
      const states: Partial<Batch["onChain"]>[] = [{ status: "Submitted" }, { status: "Unavailable" }, { head: 1_001 }];
      for (const state of states) {
        const readBatch = chainOf({ ...other.onChain, ...state });
        const locate: Source["locate"] = async () => ({ batchId: other.batchId, index: 0 });
        const secretive = async (): Promise<never> => {
          throw new ZgError("NotFound");
        };
        // With the batch's metadata, which shows another blob there, and with a batch that nobody can look into.
        for (const metadata of [async () => other.metadata, secretive]) {
          const liar = honest("liar", other, { locate, metadata });
          const nodes = [liar, { ...ignorant, metadata }];
          expect(await codeOf(read(nodes, { readBatch, blobKey: UNKNOWN })), JSON.stringify(state)).to.equal(
            "NotFound",
          );
        }
      }
    });
    it("a liar's own words about the blob are nothing", async () => {
      for (const code of ["Expired", "NotYetAvailable", "Unavailable", "ChainUnreachable"] as const) {
        const liar = honest("liar", batch, {
          locate: async () => {
            throw new ZgError(code);
          },
        });
        expect(await codeOf(read([liar, honest("a", batch)], { blobKey: UNKNOWN })), code).to.equal("NotFound");
      }
    });
    it("what the chain says of a batch that nobody can look into is told where no node says otherwise", async () => {
      const empty = honest("a", batch, {
        metadata: async () => {
          throw new ZgError("NotStaged");
        },
      });
      expect(await codeOf(read([empty], on({ status: "Submitted" })))).to.equal("NotYetAvailable");
      expect(await codeOf(read([empty], on({ status: "Unavailable" })))).to.equal("Unavailable");
      expect(await codeOf(read([empty], on({ head: 1_001 })))).to.equal("Expired");
    });
    it("a place that is proved counts more than a node that does not know the blob", async () => {
      const ignorant = honest("b", batch, {
        locate: async () => {
          throw new ZgError("NotFound");
        },
      });
      const nodes = [ignorant, honest("a", batch)];
      expect(await codeOf(read(nodes, on({ status: "Submitted" })))).to.equal("NotYetAvailable");
      expect(await codeOf(read(nodes, on({ head: 1_001 })))).to.equal("Expired");
    });
    it("the deadline of the whole retrieval", async () => {
      const silent = honest("a", batch, { column: (_id, _column, _range, _rows, signal) => never(signal) });
      expect(await codeOf(read([silent], { deadlineMs: 300 }))).to.equal("Unavailable");
    });
  });

  describe("F1: CorruptEncoding, whichever columns a reader gets", () => {
    const views: Record<string, (column: number) => boolean> = {
      "the systematic half": (column) => column >= 64,
      "the redundancy": (column) => column < 64,
      "every other column": (column) => column % 2 === 0,
    };
    const spoils: Record<string, (extended: Uint8Array) => void> = {
      "one flipped element in the redundancy": (extended) => {
        const at = EXTENDED_ROW_BYTES + 100 * CELL_BYTES + 31;
        extended[at] = (extended[at] as number) ^ 1;
      },
      "F5: a top byte that is not zero": (extended) => {
        extended[EXTENDED_ROW_BYTES] = 0x11;
      },
      "an element that is not canonical": (extended) => {
        extended.fill(0xff, EXTENDED_ROW_BYTES + 90 * CELL_BYTES, EXTENDED_ROW_BYTES + 90 * CELL_BYTES + 32);
      },
    };
    for (const [what, spoil] of Object.entries(spoils)) {
      for (const [which, hidden] of Object.entries(views)) {
        it(`${what}, seen through ${which}`, async () => {
          const corrupt = await makeBatch({ compute, payloads: batch.payloads, spoil });
          const readBatch = chainOf(corrupt.onChain);
          const blobKey = corrupt.keys[1] as Hex;
          const sources = [withholding("a", corrupt, hidden)];
          expect(await codeOf(read(sources, { readBatch, blobKey }))).to.equal("CorruptEncoding");
          // Its neighbour in the batch is not touched by it.
          expectPayload(await read(sources, { readBatch, blobKey: corrupt.keys[0] }), corrupt, 0);
        });
      }
    }
  });

  it("says CorruptEncoding of a blob that was proved corrupt on chain, and asks nobody for it", async () => {
    const asked: number[] = [];
    const node = honest("a", batch);
    const spy: Source = {
      ...node,
      column: (id, column, ...rest) => {
        asked.push(column);
        return node.column(id, column, ...rest);
      },
    };
    const flagged = chainOf({ ...batch.onChain, corrupt: [1] });
    expect(await codeOf(read([spy], { readBatch: flagged }))).to.equal("CorruptEncoding");
    expect(asked).to.deep.equal([]);
    // Its neighbour is none the worse.
    expectPayload(await read([spy], { readBatch: flagged, blobKey: batch.keys[0] }), batch, 0);
  });

  it("reads a batch that is flagged as withheld as long as somebody gives it, and says so", async () => {
    const { withheld } = await read([honest("a", batch)]);
    const flagged = await read([honest("a", batch)], { readBatch: chainOf({ ...batch.onChain, withheld: true }) });
    expect([withheld, flagged.withheld]).to.deep.equal([false, true]);
    expectPayload(flagged);
  });

  it("finds a blob in the second batch that has it when the first one's columns are withheld", async () => {
    const twin = await makeBatch({ compute, payloads: batch.payloads, batchId: `0x${"bb".repeat(32)}` });
    expect(toHex(twin.metadata)).to.equal(toHex(batch.metadata));
    const empty = withholding("a", batch, () => true);
    const full = honest("b", twin);
    const knowsOne: Source = { ...full, locate: async (...args) => sleepThen(50, () => full.locate(...args)) };
    const columnOf: Source["column"] = (id, ...rest) =>
      id === twin.batchId ? full.column(id, ...rest) : empty.column(id, ...rest);
    const metadata: Source["metadata"] = async () => batch.metadata;
    const sources = [
      { ...empty, metadata, column: columnOf },
      { ...knowsOne, column: columnOf },
    ];
    expectPayload(await read(sources, { readBatch: chainOf(batch.onChain, twin.onChain) }));
  });
});

const bytesRange = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function sleepThen<T>(ms: number, work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return work();
}
