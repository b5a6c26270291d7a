/**
 * Tests that wait most of their time, begun together. Each has its own `it` and its own failure; they start when the
 * `before` hooks of their `describe` have run.
 */
export function together(tests: Readonly<Record<string, () => Promise<unknown>>>): void {
  const running = new Map<string, Promise<unknown>>();
  before(() => {
    for (const [name, test] of Object.entries(tests)) {
      const run = test();
      // Seen by the `it` of that name, perhaps long after it happened.
      run.catch(() => undefined);
      running.set(name, run);
    }
  });
  for (const name of Object.keys(tests)) it(name, () => running.get(name));
}
