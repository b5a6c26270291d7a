import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZgFile } from "@0gfoundation/0g-ts-sdk";
import { openFileSource } from "../adapters/file-source.ts";
import { rootOfSegments } from "../protocol/file.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, report, round } from "./measure.ts";

// A file on disk, read and hashed: what every upload begins with.
const MIB = 256;
const path = join(tmpdir(), `bench-merkle-${process.pid}`);

async function write(): Promise<void> {
  const file = await open(path, "wx");
  try {
    for (let i = 0; i < MIB; i++) {
      const bytes = payloadOf(`${i}`, 4096);
      await file.write(Buffer.concat(Array.from({ length: 256 }, (_, j) => bytes.map((byte) => byte ^ j))));
    }
  } finally {
    await file.close();
  }
}

async function ourRoot(): Promise<string> {
  const source = await openFileSource(path);
  try {
    return rootOfSegments(await source.roots(), source.shape);
  } finally {
    await source.close();
  }
}

async function theirRoot(): Promise<string> {
  const file = await ZgFile.fromFilePath(path);
  try {
    const [tree, error] = await file.merkleTree();
    if (tree === null) throw error;
    return tree.rootHash() ?? "";
  } finally {
    await file.close();
  }
}

const ours = { what: "adapters/file-source.ts, one thread", run: ourRoot };
const peer = { what: "@0gfoundation/0g-ts-sdk 1.2.8, ZgFile.merkleTree", run: theirRoot };
try {
  await write();
  const before = process.memoryUsage.rss();
  const root = await ourRoot();
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  if (root !== (await theirRoot())) throw new Error("the two disagree");
  const times = await compare(ours, peer, 2, () => performance.now());
  const speed = (ms: number): number => round((MIB * 1.048576) / (ms / 1000));
  report("merkle", `the merkle root of a file of ${MIB} MiB on disk`, ours, peer, times, {
    mbPerSecond: speed(times.ours),
    peerMbPerSecond: speed(times.peer),
    memoryGrowthMiB: round(grown),
  });
} finally {
  await rm(path, { force: true });
}
