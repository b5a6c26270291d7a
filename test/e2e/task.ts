/** A task as Hardhat calls it, on a network whose blocks come only from the test. */
import { runJson } from "../tasks/run.ts";
import type { TestNetwork } from "./harness.ts";

/** What the task prints with --json; blocks are mined until it ends. */
export async function runTask<T extends object>(
  network: TestNetwork,
  task: (given: T) => Promise<void>,
  given: Omit<T, "data" | "json">,
): Promise<Record<string, unknown>> {
  let ended = false;
  const running = runJson(task, { ...given, data: network.data } as unknown as Omit<T, "json">).finally(() => {
    ended = true;
  });
  await network.mineUntil(async () => ended, `the task ends: ${JSON.stringify(given)}`);
  return running as Promise<Record<string, unknown>>;
}
