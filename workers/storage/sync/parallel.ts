/** Takes items as hands become free; ends when the items do, or with the first error, once every hand is empty. */
export const byHands = async <T>(
  items: Iterable<T>,
  hands: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const iterator = items[Symbol.iterator]();
  let over = false;
  const hand = async (): Promise<void> => {
    for (let next = iterator.next(); !over && next.done !== true; next = iterator.next()) await work(next.value);
  };
  const ended = await Promise.allSettled(
    Array.from({ length: hands }, () =>
      hand().finally(() => {
        over = true;
      }),
    ),
  );
  for (const outcome of ended) if (outcome.status === "rejected") throw outcome.reason;
};
