/** A worker in a process of its own, which a test may kill at a named point and start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TEST_TIMING } from "./harness.ts";

const ENTRY = fileURLToPath(new URL("../../scripts/worker.ts", import.meta.url));

/** It is started again and again: compiled modules are kept. */
const CACHE = fileURLToPath(new URL("../../cache/node", import.meta.url));

export interface Victim {
  readonly name: string;
  /** Dies at this point the next time it gets there. */
  arm(point: string): Promise<void>;
  /** Resolves with the signal that ended the process. */
  readonly death: Promise<NodeJS.Signals | number>;
  /** Starts it again; the new process is armed with nothing. */
  restart(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export async function startVictim(data: string, name: string): Promise<Victim> {
  let child: ChildProcess;
  let death: Promise<NodeJS.Signals | number>;
  const start = async (): Promise<void> => {
    const errors: string[] = [];
    child = spawn(process.execPath, [ENTRY, name, "--data", data, "--timing", JSON.stringify(TEST_TIMING)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, CRASHPOINT: "", LOG_LEVEL: process.env.E2E_LOG ?? "silent", NODE_COMPILE_CACHE: CACHE },
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors.push(text);
      if (process.env.E2E_LOG) process.stderr.write(`[${name}] ${text}`);
    });
    death = once(child, "exit").then(([code, signal]) => signal ?? code);
    const ready = new Promise<void>((resolve) => {
      child.on("message", (message: { ready?: string }) => message.ready && resolve());
    });
    const early = death.then((how) => {
      throw new Error(`${name} ended (${how}) before it was ready:\n${errors.join("")}`);
    });
    early.catch(() => undefined);
    await Promise.race([ready, early]);
  };
  await start();
  return {
    name,
    get death() {
      return death;
    },
    async arm(point) {
      const armed = new Promise<void>((resolve) => {
        child.on("message", (message: { armed?: string }) => message.armed === point && resolve());
      });
      child.send({ arm: point });
      await armed;
    },
    restart: start,
    kill: (signal) => void child.kill(signal),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await death;
    },
  };
}
