import { after } from "mocha";
import { type Compute, openCompute } from "../../adapters/compute.ts";
import { type Kzg, openKzg } from "../../adapters/kzg.ts";

let opened: Promise<Compute> | undefined;

/** One warm pool for every test of a mocha run: loading the setup takes seconds. */
export function sharedCompute(): Promise<Compute> {
  opened ??= openCompute();
  return opened;
}

after(async () => (await opened)?.close());

let loaded: Kzg | undefined;

/** The same operations in the test's own thread. */
export function sharedKzg(): Kzg {
  loaded ??= openKzg(0);
  return loaded;
}
