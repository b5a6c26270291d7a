import { mkdir, readFile, writeFile } from "node:fs/promises";
import { openKey } from "../adapters/bls.ts";
import { type Compute, openCompute } from "../adapters/compute.ts";
import { attestationMessage, domainSeparator, possessionMessage } from "../protocol/attestation.ts";
import { batchLeaf, batchRootOf, batchTree, EMPTY_LEAF } from "../protocol/batch.ts";
import { batchCoefficients, blobCoefficients, DST_BLOB, DST_ROW, rowCoefficients } from "../protocol/challenge.ts";
import { drawColumns } from "../protocol/column.ts";
import { accepted } from "../protocol/errors.ts";
import {
  fileRootOf,
  flowRoot,
  nodeHeights,
  type PlacedNode,
  placeFile,
  submissionOfBytes,
  submissionOfRows,
} from "../protocol/flow.ts";
import { appended, EMPTY_LOG, pathAt } from "../protocol/flowTree.ts";
import { type BlobHeader, blobKeyOf, encodeHeader } from "../protocol/header.ts";
import { bigToBytes, type Hex, toHex } from "../protocol/hex.ts";
import { keccakHex, keccakText } from "../protocol/keccak.ts";
import { rowOffsets } from "../protocol/metadata.ts";
import { CELL_BYTES, EXTENDED_ROW_BYTES, SECTOR_BYTES } from "../protocol/params.ts";
import { proveRowsCell, proveRowsSector } from "../protocol/rowsProof.ts";
import { streamIdOf, streamPayload, streamTags } from "../protocol/stream.ts";
import { cellRootsOf, cellToDataRoot, sectorToDataRoot, segmentRootsOf, ZERO_HASHES } from "../protocol/tree.ts";
import * as sample from "../test/protocol/sample.ts";
import { fraudVectors } from "./vectors-fraud.ts";

/**
 * Writes test/vectors/*.json, which the TypeScript and the Solidity tests share. Everything follows from the seeds
 * below, so the files change only when the format does; `--check` says whether they would.
 */
export type Vectors = Readonly<Record<string, object>>;

const DIRECTORY = new URL("../test/vectors/", import.meta.url);
const field = (value: bigint): Hex => toHex(bigToBytes(value, 32));
const pieces = (bytes: Uint8Array, size = 32): Hex[] =>
  Array.from({ length: bytes.length / size }, (_, i) => toHex(bytes.subarray(i * size, (i + 1) * size)));
const headerOf = (header: BlobHeader) => ({
  ...header,
  commitmentHi: header.commitment.slice(0, 66),
  commitmentLo: `0x${header.commitment.slice(66)}`,
});

export async function vectors(compute: Compute): Promise<Vectors> {
  const blobs = [
    await sample.sampleBlob(compute, "one byte", 1),
    await sample.sampleBlob(compute, "one row to the byte", 126_972),
    await sample.sampleBlob(compute, "one byte into the second row", 126_973),
    await sample.sampleBlob(compute, "five rows", 5 * 126_976 - 4),
    await sample.sampleBlob(compute, "a text", 12_345),
  ];
  const batches = await Promise.all([1, 2, 3, 5].map((count) => sample.sampleBatch(compute, blobs.slice(0, count))));
  return {
    constants: constants(),
    header: blobs.map(({ header }) => headerVector(header)),
    challenge: blobs.slice(0, 4).map(({ header }) => challengeVector(header.dataRoot)),
    blob: blobs.map((blob, i) => ({ ...blobVector(blob), seed: SEEDS[i] })),
    batch: await Promise.all(batches.map((batch) => batchVector(compute, batch))),
    batchTree: Array.from({ length: 17 }, (_, i) => treeVector(blobs[0]?.header as BlobHeader, i + 1)),
    path: await pathVectors(compute, blobs),
    metadata: metadataVector(batches[2] as sample.SampleBatch),
    attestation: attestationVectors(),
    flow: flowVectors(),
    rowsProof: rowsProofVectors(),
    fraud: await fraudVectors(compute),
  };
}

const SEEDS = ["one byte", "one row to the byte", "one byte into the second row", "five rows", "a text"];

function constants() {
  return {
    emptyLeaf: toHex(EMPTY_LEAF),
    dstRow: toHex(DST_ROW),
    dstBlob: toHex(DST_BLOB),
    batchTag: toHex(keccakText("0G-DA/batch/v1")),
    chainId: Number(sample.CHAIN_ID),
    entrance: sample.ENTRANCE,
    signers: sample.SIGNERS,
    streamId: streamIdOf(sample.CHAIN_ID, sample.ENTRANCE),
    streamTags: toHex(streamTags(streamIdOf(sample.CHAIN_ID, sample.ENTRANCE))),
    zeroHashes: ZERO_HASHES.map(toHex),
  };
}

function headerVector(header: BlobHeader) {
  return {
    header: headerOf(header),
    encoded: toHex(encodeHeader(header)),
    blobKey: blobKeyOf(header),
    leaf: toHex(batchLeaf(header)),
  };
}

function challengeVector(root: Hex) {
  const count = 5;
  return {
    root,
    count,
    rho: rowCoefficients(root, count).map(field),
    sigma: blobCoefficients(root, count).map(field),
    rhoOfOtherCount: rowCoefficients(root, count + 1).map(field),
  };
}

function blobVector(blob: sample.SampleBlob) {
  return {
    length: blob.payload.length,
    payloadHash: keccakHex(blob.payload),
    rows: blob.header.rows,
    rowsHash: keccakHex(blob.rows),
    segmentRoots: pieces(blob.segmentRoots),
    dataRoot: blob.header.dataRoot,
    qHash: keccakHex(blob.q),
    commitment: blob.header.commitment,
  };
}

async function batchVector(compute: Compute, batch: sample.SampleBatch) {
  const { headers, segmentRoots, proofs } = batch.metadata;
  const { combined } = accepted(await compute.verifyBatch(batch.bytes, batch.facts)).batch;
  const tree = batchTree(headers);
  return {
    headers: headers.map(headerOf),
    paths: headers.map((_, i) => pieces(tree.path(i))),
    segmentRoots: pieces(segmentRoots),
    coefficients: batchCoefficients(headers, batch.facts.batchRoot).map(field),
    combined: toHex(combined),
    proofsHash: keccakHex(proofs),
    firstRows: rowOffsets(headers).slice(0, -1),
    chainId: Number(sample.CHAIN_ID),
    entrance: sample.ENTRANCE,
    ...batch.facts,
  };
}

/** Trees of every size around the powers of two, over headers that differ in their salt alone. */
function treeVector(template: BlobHeader, count: number) {
  const headers = Array.from({ length: count }, (_, i) => ({ ...template, salt: sample.saltOf(`tree ${i}`) }));
  const tree = batchTree(headers);
  return {
    count,
    leaves: headers.map((header) => toHex(batchLeaf(header))),
    root: batchRootOf(headers),
    paths: headers.map((_, i) => pieces(tree.path(i))),
  };
}

async function pathVectors(compute: Compute, blobs: readonly sample.SampleBlob[]) {
  const places = [
    { blob: 0, row: 0, column: 0, sector: 0 },
    { blob: 1, row: 0, column: 127, sector: 1023 },
    { blob: 2, row: 1, column: 63, sector: 1024 + 511 },
    { blob: 3, row: 4, column: 64, sector: 4 * 1024 + 512 },
  ];
  return Promise.all(
    places.map(async ({ blob, row, column, sector }) => {
      const { rows, segmentRoots, header } = blobs[blob] as sample.SampleBlob;
      const { extended, cellRoots } = await compute.extendRows(rows);
      const own = extended.slice(row * EXTENDED_ROW_BYTES, (row + 1) * EXTENDED_ROW_BYTES);
      const at = (sector % 1024) * SECTOR_BYTES;
      return {
        header: headerOf(header),
        row,
        column,
        cell: toHex(own.subarray(column * CELL_BYTES, (column + 1) * CELL_BYTES)),
        cellPath: pieces(cellToDataRoot(cellRoots.subarray(row * 4096, (row + 1) * 4096), segmentRoots, row, column)),
        sectorIndex: sector,
        sector: pieces(own.subarray(at, at + SECTOR_BYTES)),
        sectorPath: pieces(sectorToDataRoot(own, segmentRoots, sector)),
      };
    }),
  );
}

function metadataVector(batch: sample.SampleBatch) {
  const { headers } = batch.metadata;
  const { streamId, batchId } = batch.facts;
  const file = streamPayload(streamId, batchId, batch.bytes, headers.map(blobKeyOf));
  return {
    facts: batch.facts,
    metadata: toHex(batch.bytes),
    streamHash: keccakHex(file),
    streamLength: file.length,
    submission: submissionOfBytes(file),
  };
}

function attestationVectors() {
  const secret: Hex = toHex(bigToBytes(0x1234567890abcdefn, 32));
  const key = openKey(secret);
  const batchId = keccakHex(Uint8Array.of(1));
  const seed = keccakHex(Uint8Array.of(2));
  const { CHAIN_ID: chainId, ENTRANCE: entrance, SIGNERS: signers, ACCOUNT: account } = sample;
  const attestation = attestationMessage({ chainId, entrance, batchId, epoch: 7n, seed });
  const possession = possessionMessage(chainId, signers, account, key.publicKey);
  const signature = key.sign(attestation);
  return {
    chainId: Number(chainId),
    entrance,
    signers,
    account,
    batchId,
    epoch: 7,
    seed,
    domainSeparator: toHex(domainSeparator("0G-DA", chainId, entrance)),
    signersDomainSeparator: toHex(domainSeparator("0G-DA signers", chainId, signers)),
    secret,
    publicKey: key.publicKey,
    attestation,
    signature,
    possession,
    possessionProof: key.provePossession(possession),
    columns: drawColumns(signature, 16),
  };
}

/** A row of bytes among rows that are hashes only, in batches of all shapes: first, middle and last row. */
function rowsProofVectors() {
  const extended = sample.payloadOf("extended row", EXTENDED_ROW_BYTES);
  const cellRoots = cellRootsOf(extended);
  return [1, 2, 3, 17, 67, 240, 509, 512].flatMap((rowCount, i) =>
    [0, rowCount >> 1, rowCount - 1].map((row) => {
      const segmentRoots = sample.payloadOf(`segments of ${rowCount}`, rowCount * 32);
      segmentRoots.set(segmentRootsOf(cellRoots), row * 32);
      const [column, sector] = [(i * 41 + row) % 128, (i * 409 + row) % 1024];
      const { nodes, path } = proveRowsCell(cellRoots, segmentRoots, row, column);
      return {
        rowCount,
        row,
        rowsRoot: submissionOfRows(segmentRoots).identity,
        nodes,
        column,
        cellRoot: toHex(cellRoots.slice(column * 32, column * 32 + 32)),
        cellPath: path,
        sector,
        sectorHash: keccakHex(extended.slice(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES)),
        sectorPath: proveRowsSector(extended, segmentRoots, row, sector).path,
      };
    }),
  );
}

/** Files around the steps of 0G's padding, and a log of all of them by plain recomputation. */
function flowVectors() {
  const files = [1, 256, 257, 4096, 4097, 17 * 256, 33 * 256, 262_144, 262_145, 600_000].map((length) => {
    const submission = submissionOfBytes(sample.payloadOf(`file ${length}`, length));
    return { seed: `file ${length}`, ...submission, fileRoot: fileRootOf(submission.nodes) };
  });
  const heights = Array.from({ length: 64 }, (_, i) => ({ rows: i + 1, heights: nodeHeights((i + 1) * 262_144) }));
  return { files, rows: heights, logs: logVectors(files), ...longLog() };
}

/** A log of entries of all sizes up to some ten MiB, and paths in it as the storage nodes keep it: node by node. */
function longLog() {
  const placed: PlacedNode[] = [];
  const store = new Map<string, Uint8Array>();
  const nodes = { get: (level: number, index: number) => store.get(`${level}:${index}`) };
  let length = EMPTY_LOG;
  const long = Array.from({ length: 48 }, (_, i) => {
    const bytes = 1 + ((i * i * 104_729) % [3_000, 40_000, 400_000, 12_000_000][i % 4]!);
    const file = nodeHeights(bytes).map((height, j) => ({ root: keccakHex(keccakText(`long ${i} ${j}`)), height }));
    placed.push(...placeFile(length, file).placed);
    const next = appended(nodes, length, file);
    for (const { level, index, hash } of next.added) store.set(`${level}:${index}`, hash);
    length = next.length;
    return { bytes, nodes: file, start: next.start, length, root: flowRoot(placed, length) };
  });
  const paths = long.flatMap(({ nodes: [first], start }, entry) =>
    [entry, 47].map((at) => {
      const { length: sectors = 0, root } = long[at] ?? {};
      const { height: level = 0, root: leaf } = first ?? {};
      const index = start / 2 ** level;
      return { txSeq: at, root, leaf, index, path: pathAt(nodes, sectors, level, index).map(toHex) };
    }),
  );
  return { long, paths: paths.filter((_, i) => i % 5 === 0) };
}

function logVectors(files: readonly ReturnType<typeof submissionOfBytes>[]) {
  const nodes: PlacedNode[] = [];
  let length = 1;
  return files.map((file) => {
    const next = placeFile(length, file.nodes);
    nodes.push(...next.placed);
    length = next.length;
    return { identity: file.identity, length, root: flowRoot(nodes, length) };
  });
}

export function render(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

if (import.meta.main) {
  const compute = await openCompute();
  const made = await vectors(compute);
  await compute.close();
  await mkdir(DIRECTORY, { recursive: true });
  let stale = 0;
  for (const [name, value] of Object.entries(made)) {
    const file = new URL(`${name}.json`, DIRECTORY);
    if (!process.argv.includes("--check")) await writeFile(file, render(value));
    else if ((await readFile(file, "utf8").catch(() => "")) !== render(value)) {
      console.error(`test/vectors/${name}.json is not what the code makes: run npm run vectors`);
      stale++;
    }
  }
  process.exitCode = stale === 0 ? 0 : 1;
}
