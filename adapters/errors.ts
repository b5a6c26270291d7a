import { ZgError } from "../protocol/errors.ts";

/** Any thrown thing as a named error: what has no name of its own is `Internal`, retryable, with its text kept. */
export const asZgError = (error: unknown): ZgError =>
  error instanceof ZgError ? error : new ZgError("Internal", { why: messageOf(error) }, { cause: error });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The errno of a failed system call, or undefined. */
export const errnoOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
