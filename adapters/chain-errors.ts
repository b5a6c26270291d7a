/** Why the chain said no: the contract's own error by name, with its arguments, whoever wrapped it. */
import { Interface } from "ethers";
import { type ErrorFields, ZgError } from "../protocol/errors.ts";
import { artifactOf } from "./abi.ts";
import { messageOf } from "./errors.ts";
import { RpcError } from "./rpc.ts";

/** Contracts whose custom errors may come back from a call; libraries revert with errors of their own. */
const SOURCES = [
  ...["Flow", "FixedPrice", "ChunkLinearReward", "PoraMine", "Genesis"],
  ...["DASigners", "DASampling", "DAChallenge", "DAEntrance", "CellVerifier", "DAGenesis"],
];

let errors: Interface | undefined;
const errorInterface = (): Interface => {
  if (errors === undefined) {
    const fragments = SOURCES.flatMap((name) => artifactOf(name).abi.filter(({ type }) => type === "error"));
    const unique = new Map(fragments.map((fragment) => [JSON.stringify([fragment.name, fragment.inputs]), fragment]));
    errors = new Interface([...unique.values()]);
  }
  return errors;
};

export const chainErrorOf = (error: unknown): ZgError => {
  if (error instanceof ZgError) return error;
  const data = revertDataOf(error);
  if (data !== undefined) return new ZgError("ChainReverted", decode(data), { cause: error });
  if (lacksFunds(error)) return new ZgError("InsufficientFunds", { why: textOf(error) }, { cause: error });
  if (isRevert(error)) return new ZgError("ChainReverted", { error: "unknown", why: textOf(error) }, { cause: error });
  if (nested(error).some((part) => part instanceof ZgError)) {
    return nested(error).find((part) => part instanceof ZgError) as ZgError;
  }
  return new ZgError("ChainUnreachable", { why: textOf(error) }, { cause: error });
};

/** Solidity's own errors have one argument without a name. */
const BUILT_IN: Readonly<Record<string, string>> = { Error: "reason", Panic: "panic" };

const decode = (data: string): ErrorFields => {
  try {
    const parsed = errorInterface().parseError(data);
    if (parsed === null) return { error: data.slice(0, 10) };
    const args = parsed.fragment.inputs.map(({ name }, index) => [
      name || (BUILT_IN[parsed.name] ?? `_${index}`),
      fieldOf(parsed.args[index]),
    ]);
    return { error: parsed.name, ...Object.fromEntries(args) };
  } catch {
    return { error: data.slice(0, 10) };
  }
};

const fieldOf = (value: unknown): string | boolean =>
  typeof value === "boolean" ? value : String(value).slice(0, 200);

/** The error and what it wraps: ethers keeps the node's answer under `info`, nodes keep revert data under `data`. */
const nested = (error: unknown, depth = 0): unknown[] => {
  if (typeof error !== "object" || error === null || depth > 4) return [];
  const inner = ["info", "error", "data", "cause"].map((key) =>
    key in error ? error[key as keyof typeof error] : undefined,
  );
  return [error, ...inner.flatMap((part) => nested(part, depth + 1))];
};

const revertDataOf = (error: unknown): string | undefined => {
  for (const part of nested(error)) {
    if (typeof part !== "object" || part === null || !("data" in part)) continue;
    if (typeof part.data === "string" && /^0x([0-9a-f]{2}){4,}$/i.test(part.data)) return part.data;
  }
  return undefined;
};

/** Code 3 is "execution reverted" by EIP-1474's successors; others only say it in words. */
const isRevert = (error: unknown): boolean =>
  nested(error).some(
    (part) =>
      (part instanceof RpcError && (part.code === 3 || /revert/i.test(part.message))) ||
      (typeof part === "object" && part !== null && "code" in part && part.code === "CALL_EXCEPTION"),
  );

/** Geth and its kin, the same when it estimates, and Hardhat. */
const FUNDS = /insufficient funds|gas required exceeds allowance|doesn't have enough funds/i;
const lacksFunds = (error: unknown): boolean =>
  nested(error).some((part) => part instanceof RpcError && FUNDS.test(part.message));

const textOf = (error: unknown): string => messageOf(error).slice(0, 300);
