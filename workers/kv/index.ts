import { ZgError } from "../../protocol/errors.ts";
import type { Context, PartyOptions, Running } from "../context.ts";

export const startKv = async (_context: Context, options: PartyOptions): Promise<Running> => {
  throw new ZgError("BadConfig", { worker: options.name, why: "not built yet" });
};
