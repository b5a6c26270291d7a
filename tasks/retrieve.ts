import type { NetworkJson } from "../adapters/network.ts";
import { ZgError } from "../protocol/errors.ts";
import { type Hex, normalHex } from "../protocol/hex.ts";
import { requestOf } from "../protocol/requestId.ts";
import { view } from "./lib/disperser.ts";
import { createDisplay } from "./lib/display.ts";
import { writeWhole } from "./lib/file.ts";
import { runningNetwork } from "./lib/folder.ts";
import { bar, bytes, duration, rate } from "./lib/format.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { blame, openReader, type Reader, type Reading, WITHHELD } from "./lib/reader.ts";

interface RetrieveArguments {
  readonly id: string;
  readonly out?: string;
  readonly data?: string;
  readonly json: boolean;
}

export default async function retrieve(given: RetrieveArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const id = normalHex(given.id, 32);
    if (given.out === undefined) throw new ZgError("BadRequest", { option: "--out", why: "name the file to write" });
    const network = await runningNetwork(given.data);
    const reader = await openReader(network);
    const interrupt = onInterrupt();
    const live = !given.json && process.stdout.isTTY === true;
    const lines = [{ name: "retrieved", text: "find the blob" }];
    const display = createDisplay({ lines, live, say: output.say });
    try {
      const reading = await read(reader, network, id, interrupt.signal, (text) => display.update("retrieved", text));
      const { payload, ms, header, batchId, index, withheld, sources } = reading;
      const file = await writeWhole(given.out, payload);
      display.done("retrieved", `${bytes(payload.length)} in ${duration(ms)}  ${rate(payload.length, ms)}  ${file}`);
      await display.end();
      for (const source of sources) if (source.lied > 0) output.warn(blame(source));
      if (withheld) output.warn(`Withheld: ${WITHHELD} (batchId ${batchId})`);
      const { dataRoot, commitment } = header;
      output.result({
        ...{ batchId, blobIndex: index, withheld, dataRoot, commitment, length: payload.length, file, ms, sources },
      });
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    } finally {
      await reader.close();
      interrupt.end();
    }
  });
}

/**
 * A blobKey is found by the nodes alone. Anything else may be a requestId, which only the disperser can translate; what
 * it answers is checked: the payload that comes back must hash to the requestId.
 */
async function read(
  reader: Reader,
  network: NetworkJson,
  id: Hex,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<Reading> {
  const onProgress: Parameters<Reader["read"]>[1] = {
    signal,
    onProgress: (progress) => {
      if (progress.stage === "located") onText(`blob of ${bytes(progress.header.length)} in batch ${progress.batchId}`);
      if (progress.stage === "columns") onText(bar(progress.bytes, progress.total));
      if (progress.stage === "decoding") onText("decode, encode again, compare");
    },
  };
  try {
    return await reader.read(id, onProgress);
  } catch (error) {
    if (!(error instanceof ZgError) || error.code !== "NotFound") throw error;
    const seen = await view(reader.client, network.disperser, id, signal).catch(() => null);
    // The disperser is asked out of kindness: without it, a blobKey that no node knows is simply not found.
    if (seen === null || seen.requestId !== id) {
      if (seen !== null) throw new ZgError("NotYetAvailable", { id, status: seen.status });
      throw error;
    }
    if (seen.blobKey === undefined) throw new ZgError("NotYetAvailable", { id, status: seen.status });
    const reading = await reader.read(seen.blobKey as Hex, onProgress);
    const { requestId } = requestOf(reading.payload, reading.header.account, reading.header.salt);
    if (requestId !== id)
      throw new ZgError("ReceiptMismatch", { field: "requestId", expected: id, received: requestId });
    return reading;
  }
}
