/** The batcher's edges and what sets them off, joined: events, heads, timers and jobs come in, each to its own file. */
import type { ObjectStore } from "../../adapters/bucket.ts";
import type { Blocks, Head, Reorg } from "../../adapters/follow.ts";
import type { HttpClient } from "../../adapters/http-client.ts";
import type { Log } from "../../adapters/log.ts";
import type { Outbox } from "../../adapters/outbox.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context } from "../context.ts";
import { keys } from "../records.ts";
import { route } from "../route.ts";
import type { Handlers } from "../subscribe.ts";
import { adoptFromChain } from "./adopt.ts";
import type { Calls } from "./calls.ts";
import { type CloseDeps, fail, finalize } from "./close.ts";
import { type CollectDeps, collect } from "./collect.ts";
import { applyDisputes, challengeIds, revertDisputes } from "./disputes.ts";
import { type FormDeps, formBatches } from "./form.ts";
import { bondsDue, releaseBond, withdrawCredit } from "./money.ts";
import type { OpenBatches } from "./open.ts";
import { protocolLimits } from "./pack.ts";
import type { ChainParameters } from "./parameters.ts";
import { createReplicas } from "./replicas.ts";
import { type RespondDeps, respond } from "./respond.ts";
import { createRowsCache } from "./rows.ts";
import type { Slots } from "./slot-reader.ts";
import { insideOf } from "./socket.ts";
import { type Clock, type Job, jobsFor } from "./steps.ts";
import { sweep } from "./sweep.ts";
import { type UploadDeps, upload } from "./upload.ts";
import type { Validators } from "./validators.ts";
import { applyEvents, applyReorg, type WatchDeps } from "./watch.ts";

export interface DeskParts {
  readonly context: Context;
  readonly bucket: ObjectStore;
  /** To storage nodes, which the operator names. */
  readonly client: HttpClient;
  /** To validators, which name themselves. */
  readonly asking: CollectDeps["clients"];
  readonly outbox: Outbox;
  readonly queues: Queues;
  readonly open: OpenBatches;
  readonly slots: Slots;
  readonly calls: Calls;
  readonly validators: Validators;
  readonly parameters: ChainParameters;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Reconciliations that a plan may wait for its slot before it counts as given up. */
const SWEEP_AFTER = 10;

export const createDesk = (parts: DeskParts) => {
  const { context, bucket, client, outbox, queues, open, slots, calls, validators, log, signal } = parts;
  const { chain, network, timing, compute } = context;
  const nodes = network.storageNodes;
  const now = Date.now;
  let clock: Clock = { latest: 0, finalized: 0 };
  let timer: NodeJS.Timeout | undefined;
  /** When each job was last asked for: what repeats every head need not be told to Redis every head. */
  const told = new Map<string, number>();

  const latest = (): number => clock.latest;
  const pokeBatch = () => queues.tryAdd(route.batch, {});
  const pokeSend = () => queues.tryAdd(route.send, {});
  const gasOf = async (tx: Hex): Promise<number | undefined> => {
    const receipt = await chain.receipt(tx);
    return receipt === null ? undefined : Number(receipt.gasUsed);
  };

  const watching: WatchDeps = {
    bucket,
    open,
    confirmWindow: parts.parameters.confirmWindow,
    gasOf,
    now,
  };
  const base = { bucket, log, now, open, outbox, calls, pokeSend };
  const entrance = network.contracts.DAEntrance;
  const chainId = network.chainId;
  const adopt = async (batchId: Hex): Promise<void> => {
    await adoptFromChain({ chain, followed: latest, submitBlock: calls.submitBlock, watching }, batchId);
    await dispatch([batchId]);
  };
  const forming: FormDeps = {
    ...base,
    compute,
    slots,
    adopt,
    chainId,
    entrance,
    limits: protocolLimits(timing.batchMs),
    signal,
  };
  const collecting: CollectDeps = {
    ...{ ...base, validators, chainId, entrance, graceMs: timing.graceMs, latest },
    clients: parts.asking,
    isInside: insideOf(network.rpc, network.validators),
  };
  const replicas = createReplicas({
    ...{ bucket, now, nodes: nodes.length, restMs: timing.reconcileMs },
    add: (batchId, node) => queues.tryAdd(route.upload, { batchId, node }),
  });
  const rowsOf = createRowsCache(bucket);
  const responding: RespondDeps = { ...base, client, compute, rowsOf, nodes, clock: () => clock };
  const uploading: UploadDeps = {
    ...base,
    client,
    rowsOf,
    nodes,
    latest,
    late: replicas,
    pollMs: timing.pollMs,
  };
  const closing: CloseDeps = { ...base, validators, clock: () => clock, nodes: nodes.length, pokeBatch };

  const addOnce = async (id: string, always: boolean, add: () => Promise<boolean>): Promise<void> => {
    if (!always && now() - (told.get(id) ?? 0) < timing.reconcileMs) return;
    if (await add()) told.set(id, now());
  };
  const add = (batchId: Hex, job: Job): Promise<boolean> =>
    job.edge === "upload"
      ? queues.tryAdd(route.upload, { batchId, node: job.node })
      : queues.tryAdd(route[job.edge], { batchId });

  /** Makes the jobs that these batches need now. */
  const dispatch = async (batchIds: Iterable<Hex>, always = false): Promise<void> => {
    for (const batchId of batchIds) {
      const batch = open.get(batchId);
      if (batch === undefined) continue;
      for (const job of jobsFor(batch, clock, nodes.length)) {
        const id = `${job.edge}-${batchId}-${"node" in job ? job.node : ""}`;
        await addOnce(id, always, () => add(batchId, job));
      }
    }
  };
  const dispatchDisputes = async (
    challenges: AsyncIterable<string> | Iterable<string>,
    always = false,
  ): Promise<void> => {
    for await (const challenge of challenges) {
      await addOnce(`respond-${challenge}`, always, () => queues.tryAdd(route.respond, { challenge }));
    }
  };

  const batchLater = (ms: number | undefined): void => {
    clearTimeout(timer);
    if (ms !== undefined && !signal.aborted) timer = setTimeout(pokeBatch, ms);
  };

  const handlers: Handlers<"batch" | "upload" | "collect" | "finalize" | "fail" | "respond" | "release"> = {
    batch: async (_, job) => {
      batchLater(await formBatches({ ...forming, signal: AbortSignal.any([signal, job.signal]) }));
    },
    upload: async ({ batchId, node }, job) => {
      const again = await upload(uploading, batchId, node, job.signal);
      if (again !== undefined) throw job.later(again);
    },
    collect: async ({ batchId }, job) => {
      if (await collect(collecting, batchId, job.signal)) throw job.later(timing.pollMs);
    },
    finalize: ({ batchId }) => finalize(closing, batchId),
    fail: async ({ batchId }) => {
      await fail(closing, batchId);
      if (open.get(batchId) === undefined) await withdrawCredit(base, batchId);
    },
    respond: ({ challenge }, job) => respond(responding, challenge, AbortSignal.any([signal, job.signal])),
    release: ({ batchId }) => releaseBond(base, batchId),
  };

  return {
    handlers,
    onBlocks: async ({ events, to }: Blocks): Promise<void> => {
      clock = { ...clock, latest: Math.max(clock.latest, to) };
      await dispatch(await applyEvents(watching, events), true);
      await dispatchDisputes(await applyDisputes({ bucket, now }, events), true);
    },
    onReorg: async ({ ancestor }: Reorg): Promise<void> => {
      clock = { ...clock, latest: ancestor };
      replicas.forget();
      await applyReorg({ bucket, open, now }, ancestor);
      await revertDisputes(bucket, ancestor);
    },
    onHead: async ({ latest, finalized }: Head): Promise<void> => {
      clock = { latest, finalized };
      const due = open.all().filter((batch) => !jobsFor(batch, clock, 0).some(({ edge }) => edge === "collect"));
      await dispatch(due.map(({ plan }) => plan.batchId));
    },
    /** Every open batch has its jobs, every pending blob a batcher that looks at it. */
    reconcile: async (): Promise<void> => {
      await open.reload();
      for (const [id, time] of told) if (now() - time > timing.reconcileMs) told.delete(id);
      if (clock.latest === 0) return;
      await dispatch(open.all().map(({ plan }) => plan.batchId));
      await sweep({ open, slots, calls, olderThan: now() - SWEEP_AFTER * timing.reconcileMs });
      await dispatchDisputes(challengeIds(bucket));
      for await (const batchId of bondsDue(bucket, clock.finalized)) {
        await addOnce(`release-${batchId}`, false, () => queues.tryAdd(route.release, { batchId }));
      }
      await replicas.look(clock.finalized);
      for await (const _ of bucket.list(keys.pendings)) {
        await pokeBatch();
        break;
      }
    },
    stop: (): void => clearTimeout(timer),
  };
};
