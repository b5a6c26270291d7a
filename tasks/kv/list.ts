import { ZgError } from "../../protocol/errors.ts";
import { toHex } from "../../protocol/hex.ts";
import { bytes, integer } from "../lib/format.ts";
import type { KeyValuePart, KvWalk } from "../lib/kvNode.ts";
import { type KvArguments, optional, withKv } from "../lib/kvTask.ts";
import { afterPrefix, bytesOfText, preview, startsWith, textOfBytes } from "../lib/kvText.ts";
import { drawRows } from "../lib/table.ts";

interface ListArguments extends KvArguments {
  readonly prefix: string;
  readonly reverse: boolean;
  readonly limit: number;
  readonly atVersion: number;
}

/** Of each value, for a look at it. */
const PREVIEW_BYTES = 256;

export default async function list(given: ListArguments): Promise<void> {
  await withKv(given, async ({ stream, node, output, signal }) => {
    const { limit, reverse } = given;
    if (limit < 1) throw new ZgError("BadRequest", { option: "--limit", given: limit });
    const prefix = bytesOfText(given.prefix);
    const version = optional(given.atVersion);
    const found: KeyValuePart[] = [];
    let more = false;
    let walk: KvWalk = { ...begin(prefix, reverse), reverse, length: PREVIEW_BYTES, version };
    for (;;) {
      signal.throwIfAborted();
      const next = await node.step(stream, walk);
      if (next === null || !startsWith(next.key, prefix)) break;
      more = found.length === limit;
      if (more) break;
      found.push(next);
      walk = { ...walk, from: next.key, inclusive: false };
    }
    const rows = found.map(({ key, version: at, size, data }) => [
      preview(key, key.length),
      integer(at),
      bytes(size),
      preview(data, size),
    ]);
    output.say(found.length === 0 ? "No keys." : drawRows(["key", "version", "size", "value"], rows));
    if (more) output.say(`There are more than ${integer(limit)}: --limit, --prefix.`);
    output.result({
      stream,
      keys: found.map(({ key, version: at, size }) => ({ key: toHex(key), text: textOfBytes(key), version: at, size })),
      more,
    });
  });
}

/** Keys of one prefix stand together: from its beginning, or backwards from what comes after it. */
function begin(prefix: Uint8Array, reverse: boolean): Pick<KvWalk, "from" | "inclusive"> {
  if (prefix.length === 0) return { from: undefined, inclusive: false };
  return reverse ? { from: afterPrefix(prefix), inclusive: false } : { from: prefix, inclusive: true };
}
