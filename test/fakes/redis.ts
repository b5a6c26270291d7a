import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { startRedis } from "../../devnet/redis/index.ts";
import { tempDir } from "./temp.ts";

const CACHE = fileURLToPath(new URL("../../.cache", import.meta.url));

export interface TestRedis {
  readonly url: string;
  /** For what a test does behind everyone's back: FLUSHALL, CONFIG SET, CLIENT PAUSE. */
  readonly admin: Redis;
  stop(): Promise<void>;
}

/** A Redis of the test's own, found as the devnet finds it. */
export const startTestRedis = async (): Promise<TestRedis> => {
  const dir = tempDir("redis");
  const server = await startRedis({ dir: dir.path, cache: CACHE, env: {}, warn: () => undefined });
  const path = server.url.startsWith("unix:") ? new URL(server.url).pathname : server.url;
  const admin = new Redis(path, { maxRetriesPerRequest: 3 });
  admin.on("error", () => undefined);
  return {
    url: server.url,
    admin,
    stop: async () => {
      admin.disconnect();
      await server.stop();
      dir.remove();
    },
  };
};
