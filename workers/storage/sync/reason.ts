import { asZgError } from "../../../adapters/errors.ts";
import type { ErrorCode } from "../../../protocol/errors.ts";

/** What is wrong here, and not with a peer: the job fails, and is tried again as jobs are. */
const OWN: ReadonlySet<ErrorCode> = new Set(["StoreUnavailable", "Internal", "Stopping"]);

/** Why something did not come, if that is its peers' doing; throws the error otherwise. */
export const reasonOf = (error: unknown, signal: AbortSignal): ErrorCode => {
  const { code } = asZgError(error);
  if (signal.aborted || OWN.has(code)) throw error;
  return code;
};
