import { resolve } from "node:path";
import { checkNetwork, type NetworkJson, readNetwork } from "../../adapters/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import { sentenceOf } from "./output.ts";

export const DEFAULT_DATA = ".zerog";

/** The folder that a task works on: `--data`, else `.zerog` in the working folder. */
export function dataFolder(data: string | undefined): string {
  return resolve(data === undefined || data === "" ? DEFAULT_DATA : data);
}

/** The running network of a data folder. `NoNetwork`: it has none; `StaleNetwork`: it has a file, and nobody answers. */
export async function runningNetwork(data: string | undefined): Promise<NetworkJson> {
  const network = await readNetwork(dataFolder(data));
  await checkNetwork(network);
  return network;
}

/**
 * For `disperse` only: without `--data` and without a network that runs there, null says "start one of your own". What
 * is there and does not answer is named to `warn`, so that nobody takes the new network for the old one.
 */
export async function networkIfAny(
  data: string | undefined,
  warn: (sentence: string) => void,
): Promise<NetworkJson | null> {
  try {
    return await runningNetwork(data);
  } catch (error) {
    if (data !== undefined || !(error instanceof ZgError)) throw error;
    if (error.code === "NoNetwork") return null;
    if (error.code !== "StaleNetwork") throw error;
    warn(`${sentenceOf(error)}; starting a network of its own.`);
    return null;
  }
}
