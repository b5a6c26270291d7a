import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** A Redis server on this machine, and what its process needs to load its libraries. */
export interface RedisBinary {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Valkey is Redis under another name. */
const NAMES = ["redis-server", "valkey-server"];
/** Homebrew's folders are missing from the PATH of a process that no login shell started. */
const EXTRA_FOLDERS = ["/opt/homebrew/bin", "/usr/local/bin"];

/** REDIS_SERVER_BIN, which must then work, else the first on PATH. */
export async function findInstalled(env: NodeJS.ProcessEnv): Promise<RedisBinary | null> {
  if (env.REDIS_SERVER_BIN) {
    if (!(await executable(env.REDIS_SERVER_BIN))) {
      throw new Error(`REDIS_SERVER_BIN=${env.REDIS_SERVER_BIN} is not an executable file`);
    }
    return { path: env.REDIS_SERVER_BIN, env: {} };
  }
  const folders = [...(env.PATH ?? "").split(delimiter), ...EXTRA_FOLDERS].filter((folder) => folder !== "");
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await executable(path)) return { path, env: {} };
    }
  }
  return null;
}

export async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
