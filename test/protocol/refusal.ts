import { expect } from "chai";
import { type ErrorCode, type Verdict, ZgError } from "../../protocol/errors.ts";

/** The code with which a check that throws refuses; fails if it does not. */
export function refusal(check: () => unknown): ErrorCode {
  try {
    check();
  } catch (error) {
    expect(error).to.be.instanceOf(ZgError);
    return (error as ZgError).code;
  }
  throw new Error("accepted");
}

export function codeOf(verdict: Verdict): ErrorCode | "accepted" {
  return verdict.ok ? "accepted" : verdict.code;
}
