/** Connections to Redis: how they are addressed, how long they wait, and what a Redis must promise. */
import { Redis, type RedisOptions } from "ioredis";
import { ZgError } from "../protocol/errors.ts";
import type { Log } from "./log.ts";

/**
 * `producer`: fails within seconds when Redis is silent, because a caller waits. `worker`: waits for ever, because
 * nothing else is to be done (and BullMQ's blocking reads demand it).
 */
export type RedisRole = "producer" | "worker";

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

const roles: Record<RedisRole, RedisOptions> = {
  producer: { commandTimeout: COMMAND_TIMEOUT_MS, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
  worker: { maxRetriesPerRequest: null },
};

/** `redis://host:port/0`, `rediss://…`, `unix:///path/to/socket`. Connects in the background. */
export const connectRedis = (url: string, role: RedisRole, log: Log): Redis => {
  const options: RedisOptions = {
    ...roles[role],
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RECONNECT_DELAY_MS),
  };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const redis =
    parsed?.protocol === "unix:"
      ? new Redis({ ...options, path: decodeURIComponent(parsed.pathname) })
      : networked(url, parsed, options);
  // Without a listener ioredis prints every reconnect; the commands themselves report the failure.
  redis.on("error", (error) => log.debug({ error: String(error), role }, "redis"));
  return redis;
};

const networked = (url: string, parsed: URL | undefined, options: RedisOptions): Redis => {
  if (parsed?.protocol !== "redis:" && parsed?.protocol !== "rediss:") {
    throw new ZgError("BadConfig", { field: "redis", expected: "redis://, rediss:// or unix:// URL" });
  }
  return new Redis(url, options);
};

/** Resolves when the connection is usable; `RedisUnavailable` after the deadline. */
export const redisReady = async (redis: Redis, deadlineMs = 5_000): Promise<void> => {
  if (redis.status === "ready") return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => settle(new ZgError("RedisUnavailable", { deadlineMs })), deadlineMs);
    const onReady = (): void => settle();
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      if (error === undefined) resolve();
      else reject(error);
    };
    redis.on("ready", onReady);
  });
};

/** A Redis that may evict keys loses accepted jobs without a word: refuse it before the first job. */
export const checkRedisPolicy = async (redis: Redis): Promise<void> => {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction") throw new ZgError("RedisPolicy", { policy });
};

/** Connects, asks, leaves: the start-up proof for a configured URL. */
export const proveRedis = async (url: string, log: Log): Promise<void> => {
  const redis = connectRedis(url, "producer", log);
  try {
    await redisReady(redis);
    await checkRedisPolicy(redis);
  } finally {
    redis.disconnect();
  }
};
