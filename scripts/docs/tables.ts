import { readFileSync } from "node:fs";
import { ERRORS } from "../../protocol/errors.ts";
import { route } from "../../workers/route.ts";
import { markdownTable } from "./sections.ts";

/** For the README: what sets an edge off, who acts, what then is. */
export function routeTable(): string {
  return markdownTable(
    ["edge", "trigger", "worker", "effect"],
    Object.values(route).map((edge) => [`\`${edge.name}\``, edge.trigger, edge.worker, edge.effect]),
  );
}

/** For docs/route.md: how each edge is carried, and where it is found again when Redis forgot it. */
export function routeDetails(): string {
  return markdownTable(
    ["edge", "party", "worker", "acts on events", "durable record", "attempts", "first retry", "at once", "job id"],
    Object.values(route).map((edge) => [
      `\`${edge.name}\``,
      edge.party,
      edge.worker,
      edge.finality === "none" ? "–" : edge.finality,
      edge.record,
      String(edge.attempts),
      `${edge.backoffMs} ms`,
      String(edge.concurrency),
      `\`${jobIdShape(edge.jobId)}\``,
    ]),
  );
}

/** The id's shape: each field of the payload stands for itself. */
function jobIdShape(jobId: (payload: never) => string): string {
  return jobId(new Proxy({}, { get: (_, field) => `<${String(field)}>` }) as never);
}

export function errorTable(): string {
  return markdownTable(
    ["code", "meaning", "worth a retry", "HTTP"],
    Object.entries(ERRORS).map(([code, { what, retryable, http }]) => [
      `\`${code}\``,
      what,
      retryable ? "yes" : "no",
      String(http),
    ]),
  );
}

/** Custom errors of the contracts, by the file that declares them. */
export function contractErrorTable(files: readonly string[], root: string): string {
  const rows = files.flatMap((file) => {
    const source = readFileSync(`${root}/${file}`, "utf8");
    const errors = [...source.matchAll(/^\s*error (\w+\([^;]*\));/gm)].map(([, signature = ""]) => signature);
    const flat = errors.map((signature) => `\`${signature.replace(/\s+/g, " ")}\``);
    return flat.length === 0 ? [] : [[`\`${file}\``, flat.join("<br>")]];
  });
  return markdownTable(["declared in", "errors"], rows);
}
