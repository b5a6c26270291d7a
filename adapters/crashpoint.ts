/**
 * Named places to die at. `crashpoint("tx-signed")` is free unless CRASHPOINT is set; with it, the process kills itself
 * with SIGKILL at the named place, as a power cut would: no handler runs, nothing is flushed.
 *
 * CRASHPOINT="tx-signed" dies there, "tx-signed#3" at the third visit. CRASHPOINT="" only opens the door for a parent
 * that arms over IPC: `child.send({ arm: "tx-signed" })`, answered by `{ armed: "tx-signed" }`.
 */
import { writeSync } from "node:fs";

let armed: { name: string; visits: number } | undefined;

const arm = (spec: string): void => {
  const [name, visits = "1"] = spec.split("#");
  armed = name ? { name, visits: Number(visits) } : undefined;
};

if (process.env.CRASHPOINT !== undefined) {
  arm(process.env.CRASHPOINT);
  process.on("message", (message: unknown) => {
    if (typeof message !== "object" || message === null || !("arm" in message)) return;
    arm(String(message.arm));
    process.send?.({ armed: message.arm });
  });
  // Listening for a parent must not keep the process alive.
  process.channel?.unref();
}

/** Dies here if this name is armed. Names are unique in the source: `test/fakes/crashpoints.ts` lists them. */
export const crashpoint = (name: string): void => {
  if (armed === undefined || armed.name !== name) return;
  armed.visits -= 1;
  if (armed.visits > 0) return;
  writeSync(2, `crashpoint ${name}\n`);
  process.kill(process.pid, "SIGKILL");
  // The signal may land a moment later; nothing after this line may run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
