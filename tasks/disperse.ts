import { ZgError } from "../protocol/errors.ts";
import { type Hex, normalHex } from "../protocol/hex.ts";
import { disperseFile } from "./lib/disperseFile.ts";
import { readPayload } from "./lib/file.ts";
import { runTask } from "./lib/output.ts";
import { GOALS, type Goal } from "./lib/stages.ts";

export interface DisperseArguments {
  readonly file: string;
  readonly wait: string;
  readonly out?: string;
  readonly account?: string;
  readonly salt?: string;
  readonly data?: string;
  readonly json: boolean;
}

/** Everything that can be wrong with the request is found before a network is looked for. */
export default async function disperse(given: DisperseArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const account: Hex = normalHex(given.account ?? `0x${"00".repeat(20)}`, 20);
    const salt: Hex = normalHex(given.salt ?? `0x${"00".repeat(32)}`, 32);
    const goal = goalOf(given.wait);
    const payload = await readPayload(given.file);
    await disperseFile({ ...given, account, salt, goal, payload, output });
  });
}

function goalOf(wait: string): Goal {
  const goal = GOALS.find((name) => name === wait);
  if (goal === undefined) throw new ZgError("BadRequest", { option: "--wait", given: wait, allowed: GOALS.join(", ") });
  return goal;
}
