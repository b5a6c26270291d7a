import { toHex } from "../../protocol/hex.ts";
import { bytes, integer } from "../lib/format.ts";
import { readProven, readValue } from "../lib/kvRead.ts";
import { openSink } from "../lib/kvSink.ts";
import { type KvArguments, keyOf, optional, withKv } from "../lib/kvTask.ts";
import { textOfBytes } from "../lib/kvText.ts";

interface GetArguments extends KvArguments {
  readonly key: string;
  readonly atVersion: number;
  readonly proof: boolean;
  readonly out?: string;
}

export default async function get(given: GetArguments): Promise<void> {
  await withKv(given, async ({ stream, node, storage, output }) => {
    const key = keyOf(given.key);
    const version = optional(given.atVersion);
    const sink = openSink(given.out);
    const asked = { node, stream, key, version, onSize: sink.expect, onData: sink.write };
    let read: Awaited<ReturnType<typeof readValue>>;
    try {
      read = given.proof ? await readProven({ ...asked, chain: storage.chain }) : await readValue(asked);
      await sink.finish();
    } catch (error) {
      await sink.discard();
      throw error;
    }
    const value = sink.bytes();
    output.say(value === undefined ? `${bytes(read.size)} in ${sink.path}` : textOfBytes(value));
    const { entry } = read;
    if (entry !== undefined) {
      // On stderr: stdout is the value's alone.
      output.warn(
        `Written by ${entry.sender} in entry ${integer(entry.txSeq)}, block ${integer(entry.block.number)}: proved ` +
          "against the log's root on chain. That nothing came later is not proved.",
      );
    }
    output.result({
      ...{ stream, key: toHex(key), version: read.version, size: read.size },
      ...(value === undefined ? { path: sink.path } : { value: toHex(value), text: textOfBytes(value) }),
      ...(entry !== undefined && {
        proved: { sender: entry.sender, txSeq: entry.txSeq, block: entry.block.number, tx: entry.transactionHash },
      }),
    });
  });
}
