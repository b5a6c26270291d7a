/** What a task prints with --json, called as Hardhat calls it; its exit status is back at 0 for those that come after it. */
export async function runJson<T extends object>(
  task: (given: T) => Promise<void>,
  given: Omit<T, "json">,
): Promise<Record<string, unknown> & { readonly warned: string }> {
  const { write } = process.stdout;
  const errors = process.stderr.write;
  let [out, warned] = ["", ""];
  process.stdout.write = ((text: string) => {
    out += text;
    return true;
  }) as typeof write;
  process.stderr.write = ((text: string) => {
    warned += text;
    return true;
  }) as typeof errors;
  try {
    await task({ ...given, json: true } as unknown as T);
  } finally {
    process.stdout.write = write;
    process.stderr.write = errors;
    process.exitCode = undefined;
  }
  return { ...JSON.parse(out), warned };
}
