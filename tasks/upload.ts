import { basename, join } from "node:path";
import { formatEther } from "ethers";
import { ZgError } from "../protocol/errors.ts";
import { fromHex, type Hex, normalHex } from "../protocol/hex.ts";
import { type Uploadable, type Uploaded, type UploadProgress, upload } from "../workers/uploader/index.ts";
import { createDisplay, type Display } from "./lib/display.ts";
import { dataFolder, runningNetwork } from "./lib/folder.ts";
import { bar, bytes, duration, integer, rate, short } from "./lib/format.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { uploader } from "./lib/signer.ts";
import { bytesAs, fileAt, hashFolder, isFolder, listFolder } from "./lib/sources.ts";
import { openStorage } from "./lib/storage.ts";
import { drawTable } from "./lib/table.ts";

interface UploadArguments {
  readonly path: string;
  readonly replicas: number;
  readonly tags: string;
  readonly data?: string;
  readonly json: boolean;
}

/** As many bytes as `Flow` takes. */
const MAX_TAGS = 1_024;

export default async function uploadTask(given: UploadArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const tags = tagsOf(given.tags);
    const replicas = replicasOf(given.replicas);
    const folder = await isFolder(given.path);
    const data = dataFolder(given.data);
    const network = await runningNetwork(given.data);
    const wallet = uploader(network);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    const { signal } = interrupt;
    const name = basename(given.path);
    const lines = [
      { name: "hashed", text: `hash ${name}` },
      { name: "entered", text: "entry in the log" },
      { name: "stored", text: "stored" },
    ];
    const display = createDisplay({ lines, live: !given.json && process.stdout.isTTY === true, say: output.say });
    try {
      const began = performance.now();
      const files = folder ? await folderFiles(given.path, data, display, signal) : [fileAt(given.path)];
      const { chain, client, log } = storage;
      const uploaded = await upload({
        ...{ files, tags, wallet, replicas, signal, chain, client, log, fromBlock: network.fromBlock },
        ...{ urls: network.storageNodes, folder: join(data, "uploads"), onProgress: showOn(display, name) },
      });
      const ms = performance.now() - began;
      display.done("stored", storedLine(uploaded));
      await display.end();
      const result = resultOf(uploaded, folder, ms);
      output.say(drawTable(rowsOf(result)));
      output.result(result);
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

/** The folder's files, and its manifest last: who sees the manifest's entry finds all others in the log. */
async function folderFiles(path: string, data: string, display: Display, signal: AbortSignal): Promise<Uploadable[]> {
  const listed = await listFolder(path, data);
  const total = listed.reduce((sum, { length }) => sum + length, 0);
  const onBytes = (done: number): void => display.update("hashed", `hash ${bar(done, total)}`);
  const { manifest, files } = await hashFolder(listed, onBytes, signal);
  return [...files, bytesAs(`${basename(path)}/`, manifest)];
}

/** Progress, a line for each stage. */
export function showOn(display: Display, name: string): (progress: UploadProgress) => void {
  let began: number | undefined;
  return (progress) => {
    if (progress.stage === "hashed") {
      const { bytes: done, total } = progress;
      display.update("hashed", `hash ${name}  ${bar(done, total)}`);
    } else if (progress.stage === "entered") {
      const { entries, total, transaction } = progress;
      display.done("hashed", `${name} hashed`);
      const tx = transaction === undefined ? "" : `  tx ${short(transaction)}`;
      if (entries === total)
        display.done("entered", `${integer(total)} ${total === 1 ? "entry" : "entries"} in the log`);
      else display.update("entered", `${integer(entries)} of ${integer(total)} entries in the log${tx}`);
    } else {
      const { bytes: done, total } = progress;
      began ??= performance.now();
      if (done < total) display.update("stored", `store ${bar(done, total)}  ${rate(done, performance.now() - began)}`);
    }
  };
}

export const storedLine = ({ nodes }: Pick<Uploaded, "nodes">): string =>
  `stored by ${integer(nodes.length)} node${nodes.length === 1 ? "" : "s"}, durably`;

function resultOf({ files, transactions, known, nodes }: Uploaded, folder: boolean, ms: number) {
  // Of a folder the manifest is what names it.
  const main = files.at(-1) as Uploaded["files"][number];
  const { root, length, sectors, txSeq, block, transactionHash } = main;
  return {
    ...{ root, length, sectors, txSeq, block, transactionHash, known, nodes, ms: Math.round(ms) },
    bytes: files.reduce((sum, file) => sum + file.length, 0),
    transactions,
    ...(folder && { files: files.slice(0, -1) }),
  };
}

type Result = ReturnType<typeof resultOf>;

function rowsOf({
  root,
  txSeq,
  block,
  sectors,
  bytes: size,
  known,
  nodes,
  transactions,
  files,
  ms,
}: Result): [string, string][] {
  const paid = transactions.reduce((sum, { value }) => sum + BigInt(value), 0n);
  return [
    ["root", root],
    ["entry", `${integer(txSeq)} in block ${integer(block)}${known ? ", there before: nothing paid" : ""}`],
    ...(files === undefined ? [] : [["files", integer(files.length)] as [string, string]]),
    ["size", `${bytes(size)}${files === undefined ? ` in ${integer(sectors)} sectors` : ""}`],
    ...(known
      ? []
      : [
          [
            "paid",
            `at most ${formatEther(paid)} ether, and gas, in ${transactions.length} transaction${transactions.length === 1 ? "" : "s"}`,
          ] as [string, string],
        ]),
    ...nodes.map(({ url, shard }): [string, string] => [
      "stored by",
      `${url}  shard ${shard.shardId} of ${shard.numShard}`,
    ]),
    ["took", `${duration(ms)}  ${rate(size, ms)}`],
  ];
}

function tagsOf(given: string): Hex {
  const tags = normalHex(given);
  const { length } = fromHex(tags);
  if (length > MAX_TAGS) throw new ZgError("BadRequest", { option: "--tags", bytes: length, limit: MAX_TAGS });
  return tags;
}

function replicasOf(given: number): number {
  if (!Number.isInteger(given) || given < 1) throw new ZgError("BadRequest", { option: "--replicas", given });
  return given;
}
