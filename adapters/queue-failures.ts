/** Final failures are kept and counted by code, outside BullMQ: its own failed jobs would block their ids. */
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Log } from "./log.ts";

const failureSchema = z.object({
  edge: z.string(),
  job: z.string(),
  code: z.string(),
  message: z.string(),
  attempt: z.number(),
  fields: z.record(z.string(), z.unknown()),
  time: z.number(),
});
export type Failure = z.infer<typeof failureSchema>;

export interface Failures {
  record(failure: Failure): Promise<void>;
  list(limit: number): Promise<Failure[]>;
  counts(): Promise<Record<string, number>>;
}

const KEPT = 1_000;

export const openFailures = (redis: Redis, key: string, log: Log): Failures => ({
  record: async (failure) => {
    try {
      const transaction = redis
        .multi()
        .lpush(key, JSON.stringify(failure))
        .ltrim(key, 0, KEPT - 1);
      await transaction.hincrby(`${key}:codes`, failure.code, 1).exec();
    } catch (error) {
      // The log has it; a Redis that is away must not turn a failed job into a hanging one.
      log.debug({ error: String(error) }, "failure not recorded");
    }
  },
  list: async (limit) => {
    const entries = await redis.lrange(key, 0, limit - 1);
    return entries.map((entry) => failureSchema.parse(JSON.parse(entry)));
  },
  counts: async () => {
    const counts = await redis.hgetall(`${key}:codes`);
    return Object.fromEntries(Object.entries(counts).map(([code, count]) => [code, Number(count)]));
  },
});
