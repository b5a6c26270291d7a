import { after } from "mocha";
import { type Compute, openCompute } from "../../adapters/compute.ts";

let opened: Promise<Compute> | undefined;

/** One warm pool for every test of a mocha run: loading the setup takes seconds. */
export function sharedCompute(): Promise<Compute> {
  opened ??= openCompute();
  return opened;
}

after(async () => (await opened)?.close());
