import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, messageOf } from "../../adapters/errors.ts";
import { ZgError } from "../../protocol/errors.ts";
import { toHex } from "../../protocol/hex.ts";
import { encodePayload } from "../../protocol/kv/payload.ts";
import { tagsOfStreams } from "../../protocol/kv/tags.ts";
import { upload } from "../../workers/uploader/index.ts";
import { createDisplay } from "../lib/display.ts";
import { dataFolder } from "../lib/folder.ts";
import { bytes, integer, short } from "../lib/format.ts";
import { awaitResult, errorOfResult } from "../lib/kvResult.ts";
import { type KvArguments, keyOf, optional, withKv } from "../lib/kvTask.ts";
import { bytesOfText, textOfBytes } from "../lib/kvText.ts";
import { uploader } from "../lib/signer.ts";
import { bytesAs } from "../lib/sources.ts";
import { drawTable } from "../lib/table.ts";
import { showOn, storedLine } from "../upload.ts";

interface PutArguments extends KvArguments {
  readonly key: string;
  readonly value?: string;
  readonly file?: string;
  readonly ifVersion: number;
  readonly wait: boolean;
  readonly replicas: number;
}

/** Later than any entry: nothing that was written before stands against it. */
const ANY_VERSION = 2n ** 64n - 1n;
const MAX_VALUE_BYTES = 1 << 28;

export default async function put(given: PutArguments): Promise<void> {
  await withKv(given, async ({ stream, node, storage, output, signal }) => {
    const key = keyOf(given.key);
    const value = await readGiven(given);
    const ifVersion = optional(given.ifVersion);
    const version = ifVersion === undefined ? ANY_VERSION : BigInt(ifVersion);
    const payload = encodePayload({ version, writes: [{ stream, key, value }] });
    const { network, chain, client, log } = storage;
    const name = `${textOfBytes(key).slice(0, 40)} (${bytes(value.length)})`;
    const lines = ["hashed", "entered", "stored", ...(given.wait ? ["replayed"] : [])];
    const display = createDisplay({
      lines: lines.map((line) => ({ name: line, text: line })),
      ...{ live: !given.json && process.stdout.isTTY === true, say: output.say },
    });
    try {
      let result: string | undefined;
      const uploaded = await upload({
        ...{ files: [bytesAs(name, payload)], tags: toHex(tagsOfStreams([stream])), again: true },
        ...{ wallet: uploader(network), replicas: given.replicas, signal, chain, client, log },
        ...{ fromBlock: network.fromBlock, urls: network.storageNodes },
        ...{ folder: join(dataFolder(given.data), "uploads"), onProgress: showOn(display, name) },
        // Until the verdict is there the same command goes on with this entry, and makes no other.
        fulfilled: async ([file], nodes) => {
          display.done("stored", storedLine({ nodes }));
          if (!given.wait || file === undefined) return;
          const onText = (text: string): void => display.update("replayed", `replay: ${text}`);
          result = await awaitResult({ node, stream, txSeq: file.txSeq, signal, onText });
        },
      });
      const [{ txSeq, root, block, transactionHash }] = uploaded.files as [(typeof uploaded.files)[number]];
      const wrote = { stream, key: toHex(key), size: value.length, version: txSeq, root, block, transactionHash };
      const failure = result === undefined ? undefined : errorOfResult(result, { stream, txSeq });
      if (failure !== undefined) throw failure;
      if (result !== undefined) display.done("replayed", `replayed: ${result}`);
      await display.end();
      output.say(
        drawTable([
          ["stream", short(stream)],
          ["key", textOfBytes(key)],
          ["version", `${integer(txSeq)} (entry of the log), block ${integer(block)}`],
          ["state", result ?? "in the log and stored; `--wait` also waits for the KV node"],
        ]),
      );
      output.result({ ...wrote, result: result ?? null, nodes: uploaded.nodes });
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    }
  });
}

async function readGiven({ value, file }: PutArguments): Promise<Uint8Array> {
  if ((value === undefined) === (file === undefined)) {
    throw new ZgError("BadRequest", { option: "VALUE or --file", why: "name one of them" });
  }
  if (value !== undefined) return bytesOfText(value);
  const path = file as string;
  try {
    const { size } = await stat(path);
    if (size > MAX_VALUE_BYTES) throw new ZgError("BadRequest", { file: path, bytes: size, limit: MAX_VALUE_BYTES });
    return await readFile(path);
  } catch (error) {
    if (error instanceof ZgError) throw error;
    if (errnoOf(error) === "ENOENT") throw new ZgError("FileNotFound", { file: path });
    throw new ZgError("FileUnreadable", { file: path, why: errnoOf(error) ?? messageOf(error) }, { cause: error });
  }
}
