/**
 * Works on each of the items, `atOnce` of them at a time, in order. The first failure aborts the others; nothing is in
 * flight any more when it is reported.
 */
export const each = async <T>(
  items: Iterable<T>,
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const iterator = items[Symbol.iterator]();
  const run = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      either.throwIfAborted();
      await work(next.value, either);
    }
  };
  const runs = Array.from({ length: atOnce }, () =>
    run().catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(runs);
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
};
