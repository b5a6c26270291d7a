import { expect } from "chai";
import type { Compute } from "../../../adapters/compute.ts";
import { silentLog } from "../../../adapters/log.ts";
import type { Intent } from "../../../adapters/outbox.ts";
import { frameRow } from "../../../protocol/column.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { CELL_BYTES, COLUMNS, EXTENDED_ROW_BYTES, HASH_BYTES } from "../../../protocol/params.ts";
import { checkRowsCell, type ShownCell } from "../../../protocol/rowsProof.ts";
import { cellRootsOf } from "../../../protocol/tree.ts";
import { type RespondDeps, respond } from "../../../workers/batcher/respond.ts";
import { createRowsCache } from "../../../workers/batcher/rows.ts";
import { type BatchPlan, type Challenge, challengeId, keys } from "../../../workers/records.ts";
import { rejection } from "../../fakes/errors.ts";
import { memoryBucket } from "../../fakes/memoryBucket.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { honest } from "../batches.ts";
import { hashOf, planOf, SUBMITTER } from "../facts.ts";
import type { Stored } from "../stored.ts";
import { put } from "./desk.ts";

const NODES = ["http://node-0", "http://node-1"];

describe("the answer to a challenge", function () {
  this.timeout(60_000);
  let compute: Compute;
  let stored: Stored;
  before(async () => {
    compute = await sharedCompute();
    stored = await honest();
  });

  /** Blobs of 1, 2 and 1 rows: row 2 of the batch is row 1 of the second blob. */
  const ROW = 2;
  const COLUMN = 90;

  const setUp = (more: { latest?: number; finalized?: number; ended?: Challenge["ended"]; column?: number } = {}) => {
    const { batch } = stored;
    const { facts } = batch;
    const names = ["a", "b", "c"];
    const plan: BatchPlan = planOf(names, {
      ...{ batchId: facts.batchId, rowsRoot: facts.rowsRoot, rowCount: facts.rowCount },
      blobs: batch.blobs.map(({ header }, i) => ({
        requestId: hashOf(names[i] as string),
        blobKey: hashOf(`key ${i}`),
        rows: header.rows,
      })),
    });
    const bucket = memoryBucket();
    put(bucket, keys.plan(plan.batchId), plan);
    bucket.objects.set(keys.metadata(plan.batchId), batch.bytes);
    for (const [i, blob] of batch.blobs.entries()) bucket.objects.set(keys.rows(hashOf(names[i] as string)), blob.rows);
    const { column = COLUMN, ended } = more;
    const challenge: Challenge = {
      ...{ batchId: plan.batchId, row: ROW, column, deadline: 300, block: 44, logIndex: 1, time: 1 },
      ...(ended && { ended }),
    };
    const id = challengeId(challenge);
    put(bucket, keys.challenge(id), challenge);

    const asked: string[] = [];
    const shown: ShownCell[] = [];
    const planned: string[] = [];
    const money = { earned: 0n };
    const { extended } = stored.matrix;
    /** What each node gives for the column, by its number. */
    const serving: ((frame: Uint8Array) => Uint8Array)[] = [];
    const client: RespondDeps["client"] = {
      bytes: async (url) => {
        asked.push(url.replace(plan.batchId, "B"));
        const serve = serving[NODES.findIndex((node) => url.startsWith(node))];
        if (serve === undefined) throw new ZgError("NodeDown", { url });
        if (url.endsWith("/metadata")) return batch.bytes;
        const row = extended.subarray(ROW * EXTENDED_ROW_BYTES, (ROW + 1) * EXTENDED_ROW_BYTES);
        return serve(frameRow(row, cellRootsOf(row), column));
      },
    };
    const intent = (name: string): Intent => ({ id: name, kind: "x", to: SUBMITTER, data: "0x", value: "0" });
    let refuse: string | undefined;
    const deps: RespondDeps = {
      ...{ bucket, client, compute, nodes: NODES, log: silentLog, rowsOf: createRowsCache(bucket) },
      outbox: { enqueue: async ({ id: name }) => ({ nonce: planned.push(name) }) },
      calls: {
        answer: async (name, _, cell) => {
          if (refuse !== undefined) throw new ZgError("ChainReverted", { error: refuse });
          shown.push(cell);
          return intent(`answer-${name}`);
        },
        earned: async () => money.earned,
        withdrawEarned: async (name) => intent(`earned-${name}`),
      },
      pokeSend: async () => undefined,
      clock: () => ({ latest: more.latest ?? 50, finalized: more.finalized ?? 40 }),
    };
    const run = () => respond(deps, id, new AbortController().signal);
    const isThere = () => bucket.objects.has(keys.challenge(id));
    const refuseWith = (error: string) => {
      refuse = error;
    };
    return { bucket, plan, id, run, asked, shown, planned, serving, money, isThere, refuseWith };
  };

  const proves = ({ cell, proof }: ShownCell, plan: { rowsRoot: Hex; rowCount: number }, column = COLUMN): void => {
    const at = (ROW * COLUMNS + column) * CELL_BYTES;
    expect(Buffer.from(cell).equals(Buffer.from(stored.matrix.extended.slice(at, at + CELL_BYTES)))).to.equal(true);
    checkRowsCell(cellRootsOf(cell), ROW, column, plan, proof);
  };

  it("is made from the bucket alone, in both halves of the row", async () => {
    for (const column of [0, 63, 64, 127]) {
      const { run, shown, planned, plan, id, asked, isThere } = setUp({ column });
      await run();
      proves(shown[0] as ShownCell, plan, column);
      expect([planned, asked, isThere()]).to.deep.equal([[`answer-${id}`], [], true]);
    }
  });

  it("comes from a node where the bucket lost the rows, and from another where one lies", async () => {
    const { run, shown, planned, plan, bucket, serving, asked } = setUp();
    bucket.objects.delete(keys.rows(hashOf("b")));
    serving[0] = (frame) => frame.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
    serving[1] = (frame) => frame;
    await run();
    proves(shown[0] as ShownCell, plan);
    expect(asked).to.deep.equal(NODES.map((node) => `${node}/batches/B/columns/90?rows=2-2`));
    expect(planned.length).to.equal(1);
  });

  it("comes from a node also when the metadata are gone, or the bucket's rows are not what was recorded", async () => {
    const { run, shown, plan, bucket, serving } = setUp();
    bucket.objects.delete(keys.metadata(plan.batchId));
    bucket.objects.set(keys.rows(hashOf("b")), new Uint8Array(2 * 131_072));
    serving[1] = (frame) => frame;
    await run();
    proves(shown[0] as ShownCell, plan);
  });

  it("is never sent unproved: with nothing but lies it fails, to be tried again", async () => {
    const { run, planned, bucket, serving, isThere } = setUp();
    bucket.objects.delete(keys.rows(hashOf("b")));
    serving[0] = (frame) => frame.slice(1);
    serving[1] = (frame) => frame.fill(0, frame.length - HASH_BYTES);
    await rejection(run(), "Unavailable");
    expect([planned, isThere()]).to.deep.equal([[], true]);
  });

  it("is not sent twice: the chain's refusal means that somebody was faster", async () => {
    const { run, planned, refuseWith, isThere } = setUp();
    refuseWith("NotChallenged");
    await run();
    expect([planned, isThere()]).to.deep.equal([[], true]);
  });

  it("is not sent too late, and the challenge is forgotten when that is final", async () => {
    const late = setUp({ latest: 300, finalized: 300 });
    await late.run();
    expect([late.planned, late.isThere()]).to.deep.equal([[], true]);
    const last = setUp({ latest: 299, finalized: 290 });
    await last.run();
    expect(last.planned.length).to.equal(1);
    const over = setUp({ latest: 310, finalized: 301 });
    await over.run();
    expect([over.planned, over.isThere()]).to.deep.equal([[], false]);
  });

  it("earns the bond, which is taken out when the answer is final", async () => {
    const open = setUp({ ended: { block: 45, logIndex: 0 }, finalized: 44 });
    open.money.earned = 9n;
    await open.run();
    expect([open.planned, open.isThere()]).to.deep.equal([[], true]);
    const final = setUp({ ended: { block: 45, logIndex: 0 }, finalized: 45 });
    final.money.earned = 9n;
    await final.run();
    expect([final.planned, final.isThere()]).to.deep.equal([[`earned-${final.id}`], false]);
    const others = setUp({ ended: { block: 45, logIndex: 0 }, finalized: 45 });
    await others.run();
    expect([others.planned, others.isThere()]).to.deep.equal([[], false]);
  });

  it("takes names from the bucket only: an unknown challenge is no work", async () => {
    const { planned, bucket, id, run } = setUp();
    bucket.objects.delete(keys.challenge(id));
    await run();
    expect(planned).to.deep.equal([]);
  });
});
