/** A storage node in a process of its own, for benches: started, asked for its memory, stopped and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("../scripts/worker.ts", import.meta.url));

export interface BenchNode {
  /** Largest resident memory since the start or the last `forgetPeak`, MiB; null where the system does not tell. */
  peak(): Promise<number | null>;
  forgetPeak(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it says that it is ready. */
export async function startNode(data: string, name: string): Promise<BenchNode> {
  const child: ChildProcess = spawn(process.execPath, [ENTRY, name, "--data", data], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, LOG_LEVEL: process.env.E2E_LOG ?? "silent" },
  });
  const exit = once(child, "exit");
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message: { ready?: string }) => message.ready !== undefined && resolve());
  });
  await Promise.race([
    ready,
    exit.then(([code]) => {
      throw new Error(`${name} ended (${code}) before it was ready`);
    }),
  ]);
  const proc = `/proc/${child.pid}`;
  return {
    async peak() {
      const status = await readFile(`${proc}/status`, "utf8").catch(() => "");
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
      return kib === undefined ? null : Math.round(Number(kib) / 1024);
    },
    async forgetPeak() {
      await writeFile(`${proc}/clear_refs`, "5").catch(() => undefined);
    },
    async stop() {
      child.kill("SIGTERM");
      await exit;
    },
  };
}
