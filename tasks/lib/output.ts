import { type ErrorFields, isErrorCode, ZgError } from "../../protocol/errors.ts";

/** Where a task writes; tests give their own. */
export interface Output {
  /** A line for people: nothing with --json. */
  say(line: string): void;
  /** The one line of JSON, with --json only. */
  result(value: object): void;
  /** A sentence about something that is not as it should be; stderr. */
  warn(line: string): void;
}

export function outputOf(json: boolean, streams: { out: NodeJS.WritableStream; err: NodeJS.WritableStream }): Output {
  return {
    say: (line) => {
      if (!json) streams.out.write(`${line}\n`);
    },
    result: (value) => {
      if (json) streams.out.write(`${JSON.stringify(value)}\n`);
    },
    warn: (line) => {
      streams.err.write(`${line}\n`);
    },
  };
}

/** Runs a task's work. A failure is a code and one sentence on stderr, one JSON line with --json, and exit status 1. */
export async function runTask(json: boolean, work: (output: Output) => Promise<void>): Promise<void> {
  const output = outputOf(json, { out: process.stdout, err: process.stderr });
  const { log } = console;
  // Who reads only the beginning (`| head`) has seen enough; it may show only after the task is over.
  const closed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
  };
  process.stdout.on("error", closed);
  // Whoever else talks while a program listens (the compiler does) talks on stderr.
  if (json) console.log = console.error;
  try {
    await work(output);
  } catch (error) {
    const named = toNamed(error);
    output.warn(sentenceOf(named));
    output.result(named.toJSON());
    if (process.env.DEBUG !== undefined && error instanceof Error) output.warn(error.stack ?? "");
    process.exitCode = 1;
  } finally {
    console.log = log;
  }
}

/** "NotFound: nothing is known of this blob or batch (blobKey 0x…)" on one line. */
export function sentenceOf(error: ZgError): string {
  return error.message.replace(/\s*\n\s*/g, " ");
}

function toNamed(error: unknown): ZgError {
  if (error instanceof ZgError) return error;
  // tsx and plain Node may load errors.ts twice; the code is what counts, not the class.
  if (error instanceof Error && "code" in error && isErrorCode(error.code)) {
    const fields = "fields" in error ? (error.fields as ErrorFields) : {};
    return new ZgError(error.code, fields, { cause: error });
  }
  return new ZgError("Internal", { why: error instanceof Error ? error.message : String(error) }, { cause: error });
}
