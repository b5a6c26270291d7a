import { move, transferableSymbol, valueSymbol } from "piscina";

interface Transferable {
  readonly [transferableSymbol]: object;
  readonly [valueSymbol]: object;
}

/** What a thread answers, its big buffers moved to the caller instead of copied. */
export const handOver = <T extends object>(value: T, buffers: readonly Uint8Array[]): T => {
  const transferable = { [transferableSymbol]: buffers.map((bytes) => bytes.buffer), [valueSymbol]: value };
  return move(transferable as Transferable) as unknown as T;
};
