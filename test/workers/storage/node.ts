/** A storage node without its network: the parts that decide, on a store of their own. */

import type { Compute } from "../../../adapters/compute.ts";
import { silentLog } from "../../../adapters/log.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { createIntake, type Intake } from "../../../workers/storage/batches/intake.ts";
import { createServe, type Serve } from "../../../workers/storage/batches/serve.ts";
import { settle } from "../../../workers/storage/batches/settle.ts";
import { openShelf, type Shelf } from "../../../workers/storage/batches/shelf.ts";
import { applyEvents, applyReorg, dropOver } from "../../../workers/storage/watch.ts";
import { tempDir } from "../../fakes/temp.ts";
import { CHAIN_ID, ENTRANCE } from "../../protocol/sample.ts";
import { type FakeChain, fakeChain, submittedEvent, WINDOW } from "../fake-chain.ts";
import { allHalves, type Stored } from "../stored.ts";

export interface TestNode {
  readonly dir: string;
  readonly fake: FakeChain;
  readonly shelf: Shelf;
  readonly intake: Intake;
  readonly serve: Serve;
  /** Batches whose job the node would add. */
  readonly completed: Hex[];
  /** Hands over what was mined since the last time. */
  follow(): Promise<void>;
  submit(stored: Stored): Promise<number>;
  upload(stored: Stored): Promise<void>;
  settle(batchId: Hex): Promise<boolean>;
  reorg(ancestor: number): Promise<void>;
  drop(finalized: number): Promise<void>;
  /** Closes the store and opens it again, with the whole chain still to be followed, as after a crash. */
  restart(): Promise<TestNode>;
  close(): Promise<void>;
}

export interface TestNodeOptions {
  readonly compute: Pick<Compute, "verifyBatch" | "verifyRows" | "verifyPolynomials">;
  readonly stagingLimit?: number;
}

export const openNode = async (
  options: TestNodeOptions,
  fake = fakeChain(),
  at = tempDir("node"),
): Promise<TestNode> => {
  const shelf = await openShelf(at.path);
  const completed: Hex[] = [];
  let latest = 0;
  const intake = createIntake({
    ...{ shelf, compute: options.compute, log: silentLog, latest: () => latest, now: () => 1 },
    stagingLimit: options.stagingLimit ?? 2 ** 32,
    onComplete: async (batchId) => completed.push(batchId),
    onStaged: async () => undefined,
  });
  const watch = {
    ...{ shelf, log: silentLog },
    entrance: { chainId: Number(CHAIN_ID), entrance: ENTRANCE, confirmWindow: WINDOW },
  };
  const follow = async (): Promise<void> => {
    const head = await fake.chain.head();
    for (let block = latest + 1; block <= head; block++) {
      const logs = await fake.chain.logs({ from: block, to: block });
      await applyEvents(
        watch,
        logs.map((_, index) => fake.eventAt(block, index)),
      );
    }
    latest = head;
  };
  const node: TestNode = {
    ...{ dir: at.path, fake, shelf, intake, completed, follow },
    serve: createServe({ shelf, log: silentLog }),
    submit: async (stored) => {
      const block = fake.mine(submittedEvent(stored.batch));
      await follow();
      return block;
    },
    upload: async (stored) => {
      const { batchId } = stored.batch.facts;
      await intake.putMetadata(batchId, stored.batch.bytes);
      await intake.putRows(batchId, 0, allHalves(stored));
      await intake.stage(batchId);
    },
    settle: (batchId) => settle({ shelf, verified: intake.verified, log: silentLog }, batchId),
    reorg: async (ancestor) => {
      fake.rewind(ancestor);
      latest = Math.min(latest, ancestor);
      await applyReorg(watch, ancestor);
    },
    drop: (finalized) => dropOver(watch, finalized),
    restart: async () => {
      await shelf.close();
      return openNode(options, fake, at);
    },
    close: async () => {
      await shelf.close();
      at.remove();
    },
  };
  return node;
};

/** All of a column, as it would arrive. */
export const columnOf = async (serve: Serve, batchId: Hex, column: number, range?: { first: number; last: number }) => {
  const { length, pieces } = await serve.column(batchId, column, range);
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  const bytes = Buffer.concat(parts);
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes, ${length} announced`);
  return new Uint8Array(bytes);
};
