import { z } from "zod";
import { knownPorts } from "../../devnet/ports.ts";
import type { ValidatorSession } from "./validatorTask.ts";

/** What is shown of a validator's `GET /status`. */
const Worker = z.object({
  samples: z.int(),
  batches: z.object({ signed: z.int(), refused: z.int(), sampling: z.int() }),
  /** Batches about which something is still to be done on chain. */
  duties: z.record(z.string(), z.int()).optional(),
  /** Batches that it does not sign yet, and why. */
  waiting: z.record(z.string(), z.looseObject({ why: z.string() })),
});
export type Worker = z.infer<typeof Worker>;

const MAX_ANSWER = 2 ** 20;
const DEADLINE_MS = 5_000;

/** null: nothing answers where it would. */
export async function workerOf({ data, name, network, storage }: ValidatorSession, id: number): Promise<Worker | null> {
  const port = (await knownPorts(data))[name];
  const url = network.validators[id] ?? (port === undefined ? undefined : `http://127.0.0.1:${port}`);
  if (url === undefined) return null;
  const options = { maxBytes: MAX_ANSWER, deadlineMs: DEADLINE_MS };
  return storage.client.json(`${url}/status`, Worker, options).catch(() => null);
}

export function workerRows(worker: Worker | null): [string, string][] {
  if (worker === null) return [["worker", "does not answer"]];
  const { samples, batches, duties, waiting } = worker;
  const open = Object.entries(duties ?? {}).filter(([, count]) => count > 0);
  return [
    ["worker", `samples ${samples} columns; ${batches.signed} batches signed, ${batches.refused} refused`],
    ["duties", open.map(([duty, count]) => `${duty} ${count}`).join(", ") || "none"],
    ...Object.entries(waiting).map(([batchId, { why }]): [string, string] => ["waits", `${batchId}: ${why}`]),
  ];
}
