/** One logger per process, a child per party. JSON lines on stderr: stdout belongs to the tasks' own output. */
import { type DestinationStream, destination, type Logger, pino } from "pino";

export type Log = Logger;

export interface LogOptions {
  readonly name: string;
  /** Default: LOG_LEVEL, else "info". */
  readonly level?: string;
  readonly destination?: DestinationStream;
}

export const createLog = (options: LogOptions): Log =>
  pino(
    {
      name: options.name,
      level: options.level ?? process.env.LOG_LEVEL ?? "info",
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Signed transactions and keys never belong in a log, wherever in an object they turn up.
      redact: { paths: ["raw", "*.raw", "privateKey", "*.privateKey", "secretKey", "*.secretKey"], censor: "…" },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
    },
    options.destination ?? destination({ fd: 2, sync: true }),
  );

export const silentLog: Log = pino({ level: "silent" });
