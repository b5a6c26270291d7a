import { basename, join } from "node:path";
import type { NetworkJson } from "../../adapters/network.ts";
import { packBlob, rowsFor } from "../../protocol/blob.ts";
import { ZgError } from "../../protocol/errors.ts";
import { equalBytes, type Hex } from "../../protocol/hex.ts";
import { samplesFor } from "../../protocol/quorum.ts";
import { hasReached } from "../../protocol/status.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { follow, handIn } from "./disperser.ts";
import { createDisplay, type Display } from "./display.ts";
import { writeWhole } from "./file.ts";
import { DEFAULT_DATA, networkIfAny } from "./folder.ts";
import { bar, bytes, duration, rate } from "./format.ts";
import { onInterrupt } from "./interrupt.ts";
import type { Output } from "./output.ts";
import { type OwnNetwork, startOwnNetwork } from "./own.ts";
import { blame, openReader, type Reader, type Reading } from "./reader.ts";
import { checkView, type Expected, expectedOf, receiptOf } from "./receipt.ts";
import { type Goal, STATUS_OF, stageOf, stagesUntil } from "./stages.ts";
import { summaryOf } from "./summary.ts";
import { drawTable } from "./table.ts";

export interface DisperseFileOptions {
  readonly file: string;
  readonly payload: Uint8Array;
  readonly account: Hex;
  readonly salt: Hex;
  readonly goal: Goal;
  readonly data?: string;
  /** Where the receipt goes. */
  readonly out?: string;
  readonly json: boolean;
  readonly output: Output;
}

/** Hands the file in, follows it, checks what the network says against the file itself, and reads it back. */
export async function disperseFile(options: DisperseFileOptions): Promise<void> {
  const { output, payload, file } = options;
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  const running = await networkIfAny(options.data, output.warn);
  const display = displayFor(options, running === null);
  let own: OwnNetwork | undefined;
  let reader: Reader | undefined;
  try {
    if (running === null) own = await startOwn(display, output);
    signal.throwIfAborted();
    const network = running ?? (own as OwnNetwork).network;
    reader = await openReader(network, own?.compute);
    const started = performance.now();
    const { view, expected } = await disperse(options, network, reader, display, signal);
    const disperseMs = performance.now() - started;
    const reading = hasReached(view.status, "CONFIRMED")
      ? await readBack(reader, expected, payload, display, signal)
      : undefined;
    const retrieved = reading && { bytes: payload.length, ms: Math.round(reading.ms), sources: reading.sources };
    const { chainId, contracts, validators } = network;
    const receipt = receiptOf({ view, expected, file, chainId, entrance: contracts.DAEntrance, retrieved });
    const path = await writeWhole(
      options.out ?? join(options.data ?? DEFAULT_DATA, "receipts", `${expected.blobKey}.json`),
      `${JSON.stringify(receipt, null, 2)}\n`,
    );
    await display.end();
    const summary = summaryOf({
      receipt,
      batchRows: view.batchRows,
      growth: await reader.growthOf(receipt.transactions.findLast(({ kind }) => kind === "confirm")?.hash),
      validators: validators.length,
      samples: samplesFor(validators.length),
      disperseMs,
      path,
    });
    output.say(drawTable(summary));
    for (const source of reading?.sources ?? []) if (source.lied > 0) output.warn(blame(source));
    for (const { who, outcome, code } of view.refusals) output.warn(`${who} ${code ?? outcome}`);
    output.result({ ...receipt, receipt: path });
  } catch (error) {
    display.fail();
    await display.end();
    throw error;
  } finally {
    await reader?.close();
    await own?.stop();
    interrupt.end();
  }
}

function displayFor({ goal, json, file, payload, output }: DisperseFileOptions, starts: boolean): Display {
  const lines = [
    ...(starts ? [{ name: "network", text: "start a network for this run" }] : []),
    { name: "file", text: `${basename(file)}  ${bytes(payload.length)}` },
    ...stagesUntil(goal).map((stage) => ({ name: stage, text: stage })),
    ...(goal === "stored" ? [] : [{ name: "retrieved", text: "retrieved" }]),
  ];
  return createDisplay({ lines, live: !json && process.stdout.isTTY === true, say: output.say });
}

async function startOwn(display: Display, output: Output): Promise<OwnNetwork> {
  const began = performance.now();
  const own = await startOwnNetwork(
    (step) => display.update("network", `start a network for this run: ${step}`),
    output.warn,
  );
  const { storageNodes, validators } = own.network;
  const parties = `${storageNodes.length} storage nodes, ${validators.length} validators`;
  display.done("network", `network of its own  +${duration(performance.now() - began)}  ${parties}`);
  return own;
}

async function disperse(
  { payload, account, salt, goal, file }: DisperseFileOptions,
  network: NetworkJson,
  { client, compute }: Reader,
  display: Display,
  signal: AbortSignal,
): Promise<{ view: BlobView; expected: Expected }> {
  const url = network.disperser;
  const began = performance.now();
  const id = await handIn(client, url, payload, account, salt, (sent) =>
    display.update("file", `${basename(file)}  ${bar(sent, payload.length)}`),
  );
  const ms = performance.now() - began;
  display.done("file", `${basename(file)}  ${bytes(payload.length)} sent  ${rate(payload.length, ms)}`);
  const rows = packBlob(payload);
  let expected: Expected | undefined;
  const stop = new AbortController();
  // The sender's own encoding runs beside the network's: what it finds ends the following at once.
  const encoding = compute.encodeBlob(rows).then((encoded) => {
    expected = expectedOf(payload, account, salt, { ...encoded, rows: rowsFor(payload.length) });
    return expected;
  });
  encoding.catch((error: unknown) => stop.abort(error));
  const parties = { storageNodes: network.storageNodes.length, validators: network.validators.length };
  const view = await follow({
    client,
    url,
    id,
    goal: STATUS_OF[goal],
    signal: AbortSignal.any([signal, stop.signal]),
    onView: (seen) => {
      if (expected !== undefined) checkView(seen, expected);
      for (const stage of stagesUntil(goal)) {
        const { done, text } = stageOf(stage, seen, parties);
        if (done) display.done(stage, text);
        else display.update(stage, text);
      }
    },
  });
  const mine = await encoding;
  checkView(view, mine);
  return { view, expected: mine };
}

async function readBack(
  reader: Reader,
  { blobKey }: Expected,
  payload: Uint8Array,
  display: Display,
  signal: AbortSignal,
): Promise<Reading> {
  const reading = await reader.read(blobKey, {
    signal,
    onProgress: (progress) => {
      if (progress.stage === "columns") display.update("retrieved", `retrieve ${bar(progress.bytes, progress.total)}`);
    },
  });
  if (!equalBytes(reading.payload, payload)) throw new ZgError("ReceiptMismatch", { field: "payload", blobKey });
  const line = `${bytes(payload.length)} in ${duration(reading.ms)}  ${rate(payload.length, reading.ms)}`;
  display.done("retrieved", `retrieved from chain and storage nodes  ${line}  every byte equal`);
  return reading;
}
