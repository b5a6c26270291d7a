/**
 * Jobs on Redis, through BullMQ. Redis is a convenience: a job only says "look at this id now"; the durable record is
 * elsewhere and a reconciler adds what was lost. So a job that is done or has failed leaves its id free again.
 */
import { DelayedError, Queue, UnrecoverableError, Worker } from "bullmq";
import { ZgError } from "../protocol/errors.ts";
import { asZgError, messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { type Failure, openFailures } from "./queue-failures.ts";
import { checkRedisPolicy, connectRedis, redisReady } from "./redis.ts";
import { withDeadline } from "./shutdown.ts";

/** What this file needs to know of an edge of workers/route.ts. */
export interface QueueEdge<Payload> {
  readonly name: string;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly jobId: (payload: Payload) => string;
}

export interface JobContext {
  /** Aborted when the job's lock is lost (another worker may have it) or the queues close. Check before an effect. */
  readonly signal: AbortSignal;
  /** 1 for the first. */
  readonly attempt: number;
  readonly lastAttempt: boolean;
  /** `throw later(500)`: not yet, ask again in 500 ms, no attempt spent. */
  readonly later: (ms: number) => Error;
}

export type Handler<Payload> = (payload: Payload, context: JobContext) => Promise<void>;

export interface WorkOptions {
  /** Default: the edge's. */
  readonly concurrency?: number;
}

export interface Queues {
  /** Same id while one waits: one job. Same id while one is active: it runs once more afterwards. */
  add<P>(edge: QueueEdge<P>, payload: P, options?: { readonly delayMs?: number }): Promise<void>;
  /** `add` where the durable record is enough: false (and a warning) when Redis is away. */
  tryAdd<P>(edge: QueueEdge<P>, payload: P, options?: { readonly delayMs?: number }): Promise<boolean>;
  work<P>(edge: QueueEdge<P>, handler: Handler<P>, options?: WorkOptions): void;
  /** Final failures, newest first. */
  failures(limit?: number): Promise<Failure[]>;
  failureCounts(): Promise<Record<string, number>>;
  /** Jobs waiting, delayed and active, by edge. */
  counts(): Promise<Record<string, { waiting: number; active: number; delayed: number }>>;
  /** BullMQ's own queue objects, for the board and its metrics. */
  queues(): Queue[];
  /** Takes no new job, aborts the active ones, and leaves what does not end within the deadline to the next start. */
  close(deadlineMs?: number): Promise<void>;
}

export interface QueueOptions {
  readonly redis: string;
  /** Nobody else's: "zg:disperser". */
  readonly prefix: string;
  readonly log: Log;
  /** A worker that died holds its job for this long. */
  readonly lockMs?: number;
  /** How long the start waits for Redis. */
  readonly readyMs?: number;
}

/** Doubling stops here: after a long outage nobody waits for hours. */
const MAX_BACKOFF_MS = 5_000;
/**
 * How many deaths of its worker a job survives. The default of 1 loses a job at the second crash; with the reconciler
 * behind it, the limit only keeps a job that kills every worker from doing so for ever.
 */
const MAX_STALLED = 25;
const BACKOFF = "capped";
const AFTER_CLOSE_MS = 200;

export const backoffOf = (backoffMs: number, attempt: number): number =>
  Math.min(backoffMs * 2 ** Math.max(attempt - 1, 0), MAX_BACKOFF_MS);

/** Thrown by a handler through `later`; not an error of the job. */
class Later extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`later, in ${ms} ms`);
    this.ms = ms;
  }
}

export const openQueues = async (options: QueueOptions): Promise<Queues> => {
  const { log, lockMs = 4_000 } = options;
  const prefix = options.prefix.replace(/:+$/, "");
  const producer = connectRedis(options.redis, "producer", log);
  const consumer = connectRedis(options.redis, "worker", log);
  const disconnect = (): void => {
    producer.disconnect();
    consumer.disconnect();
  };
  try {
    await redisReady(producer, options.readyMs);
    await checkRedisPolicy(producer);
  } catch (error) {
    disconnect();
    throw error;
  }

  const failures = openFailures(producer, `${prefix}:failures`, log);
  const queues = new Map<string, Queue>();
  const workers = new Map<string, Running>();
  let closing = false;

  const queueOf = (name: string): Queue => {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, { connection: producer, prefix, skipWaitingForReady: true });
      queue.on("error", (error) => log.debug({ error: String(error), queue: name }, "queue"));
      queues.set(name, queue);
    }
    return queue;
  };

  const add = async <P>(edge: QueueEdge<P>, payload: P, { delayMs = 0 }: { delayMs?: number } = {}): Promise<void> => {
    if (closing) throw new ZgError("Stopping", { what: "queue" });
    const id = edge.jobId(payload);
    if (id.includes(":")) throw new ZgError("Internal", { what: "job id", id });
    try {
      // The id is BullMQ's deduplication id, not its job id: only that one remembers an add during the job's run.
      await queueOf(edge.name).add(edge.name, payload, {
        deduplication: { id, keepLastIfActive: true },
        attempts: edge.attempts,
        backoff: { type: BACKOFF, delay: edge.backoffMs },
        delay: delayMs,
        removeOnComplete: true,
        removeOnFail: true,
      });
    } catch (error) {
      throw new ZgError("RedisUnavailable", { queue: edge.name, why: String(error) }, { cause: error });
    }
  };

  const work = <P>(edge: QueueEdge<P>, handler: Handler<P>, { concurrency }: WorkOptions = {}): void => {
    if (workers.has(edge.name)) throw new ZgError("BadConfig", { what: "two handlers for one edge", edge: edge.name });
    const running = new Set<Promise<void>>();
    const process = async (
      job: BullJob<P>,
      token: string | undefined,
      signal: AbortSignal | undefined,
    ): Promise<void> => {
      const jobSignal = signal ?? new AbortController().signal;
      const lastAttempt = job.attemptsMade + 1 >= edge.attempts;
      const postpone = async (ms: number): Promise<never> => {
        await job.moveToDelayed(Date.now() + ms, token);
        throw new DelayedError();
      };
      // Fetched while the running ones are being waited for: it is the next start's.
      if (closing) return postpone(AFTER_CLOSE_MS);
      try {
        await handler(job.data, {
          signal: jobSignal,
          attempt: job.attemptsMade + 1,
          lastAttempt,
          later: (ms) => new Later(ms),
        });
      } catch (error) {
        if (error instanceof Later) return postpone(error.ms);
        if (closing) return postpone(AFTER_CLOSE_MS);
        const named = asZgError(error);
        const fields = { edge: edge.name, job: edge.jobId(job.data), code: named.code, attempt: job.attemptsMade + 1 };
        // Without the lock it is another worker's job now.
        if (jobSignal.aborted) throw named;
        if (named.retryable && !lastAttempt) {
          log.debug({ ...fields, error: named.message }, "job will be tried again");
          throw named;
        }
        log.error({ ...fields, error: named.code === "Internal" ? error : named.message }, "job failed");
        await failures.record({ ...fields, message: named.message, fields: named.fields, time: Date.now() });
        throw new UnrecoverableError(named.message);
      }
    };
    // Three parameters, or BullMQ gives no signal.
    const tracked: typeof process = (job, token, signal) => {
      const result = process(job, token, signal);
      const ended = result.catch(() => undefined).finally(() => running.delete(ended));
      running.add(ended);
      return result;
    };
    const worker = new Worker<P>(edge.name, tracked, {
      connection: consumer,
      prefix,
      concurrency: concurrency ?? edge.concurrency,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: MAX_STALLED,
      runRetryDelay: 1_000,
      settings: { backoffStrategy: (attempt, _type, _error, job) => backoffOf(delayOf(job, edge), attempt) },
    });
    worker.on("error", (error) => log.debug({ error: String(error), queue: edge.name }, "worker"));
    worker.on("lockRenewalFailed", (ids) => {
      log.warn({ queue: edge.name, jobs: ids }, "lock lost, job cancelled");
      for (const id of ids) worker.cancelJob(id, "lock lost");
    });
    workers.set(edge.name, { worker, running });
  };

  return {
    add,
    tryAdd: async (edge, payload, addOptions) => {
      try {
        await add(edge, payload, addOptions);
        return true;
      } catch (error) {
        if (asZgError(error).code !== "Stopping") log.warn({ edge: edge.name, error: String(error) }, "not queued");
        return false;
      }
    },
    work,
    failures: (limit = 100) => failures.list(limit),
    failureCounts: () => failures.counts(),
    counts: async () => {
      const entries = [...queues.values()].map(async (queue) => {
        const counts = await queue.getJobCounts("wait", "active", "delayed");
        const { wait = 0, active = 0, delayed = 0 } = counts;
        return [queue.name, { waiting: wait, active, delayed }] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    queues: () => [...queues.values()],
    close: async (deadlineMs = 5_000) => {
      if (closing) return;
      closing = true;
      await Promise.all([...workers.values()].map((worker) => stopWorker(worker, deadlineMs, log)));
      await Promise.allSettled([...queues.values()].map((queue) => withDeadline(queue.close(), 1_000, "queue")));
      disconnect();
    },
  };
};

interface BullJob<P> {
  readonly data: P;
  readonly attemptsMade: number;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
}

const delayOf = (job: { opts: { backoff?: unknown } } | undefined, edge: { backoffMs: number }): number => {
  const backoff = job?.opts.backoff;
  const own =
    typeof backoff === "object" && backoff !== null && "delay" in backoff ? Number(backoff.delay) : Number.NaN;
  return Number.isFinite(own) ? own : edge.backoffMs;
};

/**
 * BullMQ's own close waits for ever, and once it waits it can no longer be forced: so the running jobs are waited for
 * here, and the close is forced if they do not end.
 */
const stopWorker = async ({ worker, running }: Running, deadlineMs: number, log: Log): Promise<void> => {
  worker.cancelAllJobs("stopping");
  let forced = false;
  try {
    await withDeadline(Promise.all(running), deadlineMs, "jobs still running");
  } catch (error) {
    forced = true;
    log.warn({ queue: worker.name, jobs: running.size, error: messageOf(error) }, "jobs left to the next start");
  }
  await withDeadline(worker.close(forced), 1_000, "close").catch((error: unknown) => {
    log.debug({ queue: worker.name, error: messageOf(error) }, "worker not closed");
  });
};

interface Running {
  readonly worker: Worker;
  /** Settled, never rejected, when the handler has ended. */
  readonly running: Set<Promise<void>>;
}
