import { after } from "mocha";
import { type Compute, openCompute } from "../../adapters/compute.ts";
import { type Kzg, openKzg } from "../../adapters/kzg.ts";

let opened: Promise<Compute> | undefined;

/** One warm pool for every test of a mocha run: loading the setup takes seconds. */
export function sharedCompute(): Promise<Compute> {
  opened ??= openCompute();
  return opened;
}

// With --parallel this hook runs after the first file only, and the next one in the same process opens a pool of its own;
// that one ends with the process.
after(async () => {
  const compute = await opened;
  opened = undefined;
  await compute?.close();
});

let loaded: Kzg | undefined;

/** The same operations in the test's own thread. */
export function sharedKzg(): Kzg {
  loaded ??= openKzg(0);
  return loaded;
}
