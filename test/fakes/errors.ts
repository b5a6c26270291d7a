import { expect } from "chai";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";

/** The named error a promise rejects with; anything else fails the test. */
export const rejection = async (promise: Promise<unknown>, code: ErrorCode): Promise<ZgError> => {
  const error = await promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}, not rejected with ${code}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ZgError)) throw error;
  expect(error.code, error.message).to.equal(code);
  return error;
};
