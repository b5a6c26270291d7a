import { resolve } from "node:path";
import { ZgError } from "../protocol/errors.ts";
import { type Hex, normalHex } from "../protocol/hex.ts";
import { type Downloaded, type DownloadProgress, download } from "../workers/downloader/index.ts";
import type { PeerReport } from "../workers/peers.ts";
import { createDisplay } from "./lib/display.ts";
import { runningNetwork } from "./lib/folder.ts";
import { bar, bytes, duration, integer, rate } from "./lib/format.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { openStorage } from "./lib/storage.ts";

interface DownloadArguments {
  readonly root: string;
  readonly out?: string;
  readonly length: number;
  readonly raw: boolean;
  readonly data?: string;
  readonly json: boolean;
}

export default async function downloadTask(given: DownloadArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const root: Hex = normalHex(given.root, 32);
    if (given.out === undefined) throw new ZgError("BadRequest", { option: "--out", why: "name the file to write" });
    const path = resolve(given.out);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    const lines = [{ name: "downloaded", text: "find the file" }];
    const display = createDisplay({ lines, live: !given.json && process.stdout.isTTY === true, say: output.say });
    try {
      const began = performance.now();
      const onProgress = (progress: DownloadProgress): void => {
        if (progress.stage === "located") display.update("downloaded", foundLine(progress));
        else {
          const speed = rate(progress.bytes, performance.now() - began);
          display.update("downloaded", `${bar(progress.bytes, progress.total)}  ${speed}`);
        }
      };
      const { chain, client, log } = storage;
      const done = await download({
        ...{ root, path, raw: given.raw, chain, client, log, signal: interrupt.signal, onProgress },
        ...(given.length > 0 && { length: given.length }),
        urls: network.storageNodes,
      });
      const ms = performance.now() - began;
      const what = done.files === undefined ? "" : `${integer(done.files.length)} files, `;
      display.done(
        "downloaded",
        `${what}${bytes(done.bytes)} in ${duration(ms)}  ${rate(done.bytes, ms)}  every segment verified  ${path}`,
      );
      await display.end();
      for (const sentence of blames(done)) output.warn(sentence);
      output.result(resultOf(done, path, ms));
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    } finally {
      await storage.close();
      interrupt.end();
    }
  });
}

function foundLine({ entry, files }: Extract<DownloadProgress, { stage: "located" }>): string {
  const what = files === null ? bytes(entry.length) : `a folder of ${integer(files)} files`;
  return `entry ${integer(entry.txSeq)}: ${what}`;
}

function resultOf({ entry, files, bytes: size, peers }: Downloaded, path: string, ms: number) {
  const { root, length, txSeq, sender, tags } = entry;
  return { root, length, txSeq, sender, tags, bytes: size, path, ...(files && { files }), peers, ms: Math.round(ms) };
}

/** Who lied is said even when the download succeeded: so that it is asked no more. */
export function blames({ peers, liars }: Pick<Downloaded, "peers" | "liars">): string[] {
  const lied = ({ url, codes }: PeerReport): string =>
    `${url} gave wrong answers (${Object.entries(codes)
      .map(([code, times]) => `${code} × ${times}`)
      .join(", ")})`;
  return [
    ...peers.filter((peer) => peer.lied > 0).map(lied),
    ...liars.map((url) => `${url} named an entry that the chain does not have`),
  ];
}
