import { ZgError } from "../../protocol/errors.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Name of the signal that came, if one did. */
  received(): NodeJS.Signals | undefined;
  end(): void;
}

const EXIT_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Ctrl-C asks politely: the work is aborted and cleans up. A second one does not wait. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const handler = (name: "SIGINT" | "SIGTERM"): void => {
    if (received !== undefined) process.exit(EXIT_STATUS[name]);
    received = name;
    controller.abort(new ZgError("Stopping", { signal: name }));
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    signal: controller.signal,
    received: () => received,
    end: () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
