/** Batches that storage nodes and validators meet in tests, honest and not, made once for a mocha run. */
import type { Compute } from "../../adapters/compute.ts";
import { batchIdOf } from "../../protocol/batch.ts";
import { submissionOfBytes, submissionOfRows } from "../../protocol/flow.ts";
import { blobKeyOf } from "../../protocol/header.ts";
import { concat } from "../../protocol/hex.ts";
import { HASH_BYTES } from "../../protocol/params.ts";
import { streamPayload } from "../../protocol/stream.ts";
import { corruptBlob, edit, matrixOf } from "../protocol/matrix.ts";
import { sharedCompute } from "../protocol/pool.ts";
import {
  assemble,
  CHAIN_ID,
  ENTRANCE,
  type SampleBatch,
  type SampleBlob,
  sampleBatch,
  sampleBlob,
} from "../protocol/sample.ts";
import type { Stored } from "./stored.ts";

const TWO_ROWS = 2 * 126_976 - 4;

const made = new Map<string, Promise<unknown>>();
const once = <T>(name: string, make: (compute: Compute) => Promise<T>): Promise<T> => {
  const known = made.get(name) ?? sharedCompute().then(make);
  made.set(name, known);
  return known as Promise<T>;
};

export const blobOf = (name: string, length = 1_000): Promise<SampleBlob> =>
  once(`blob ${name}`, (compute) => sampleBlob(compute, name, length));

export const storedOf = async (compute: Compute, batch: SampleBatch): Promise<Stored> => ({
  batch,
  matrix: await compute.extendRows(batch.rows),
});

/** Blobs of 1, 2 and 1 rows. */
export const honest = (): Promise<Stored> =>
  once("honest", async (compute) => {
    const blobs = await Promise.all([blobOf("first"), blobOf("second", TWO_ROWS), blobOf("third")]);
    return storedOf(compute, await sampleBatch(compute, blobs));
  });

/** Another batch that holds one blob of the first. */
export const overlapping = (): Promise<Stored> =>
  once("overlapping", async (compute) =>
    storedOf(compute, await sampleBatch(compute, await Promise.all([blobOf("third"), blobOf("fourth")]))),
  );

/** The second header's commitment is another blob's; everything else agrees with everything else. */
export const wrongCommitment = (): Promise<Stored> =>
  once("wrong commitment", async (compute) => {
    const [first, second] = await Promise.all([blobOf("first"), blobOf("fourth")]);
    const { commitment } = (await blobOf("third")).header;
    const lie: SampleBlob = { ...second, header: { ...second.header, commitment } };
    return storedOf(compute, await sampleBatch(compute, [first, lie]));
  });

/** Everything agrees with everything, but what is to be mined are these rows in another order. */
export const otherRows = (): Promise<Stored> =>
  once("other rows", async () => {
    const { batch, matrix } = await honest();
    const { headers, segmentRoots } = batch.metadata;
    const turned = concat(segmentRoots.slice(HASH_BYTES), segmentRoots.slice(0, HASH_BYTES));
    const recorded = { ...batch.facts, rowsRoot: submissionOfRows(turned).identity };
    const batchId = batchIdOf({ chainId: CHAIN_ID, entrance: ENTRANCE, ...recorded });
    const file = streamPayload(recorded.streamId, batchId, batch.bytes, headers.map(blobKeyOf));
    const facts = { ...recorded, batchId, metadataRoot: submissionOfBytes(file).identity };
    return { batch: { ...batch, facts }, matrix };
  });

/** Column `column`'s proof is another column's. */
export const wrongProof = (column: number): Promise<Stored> =>
  once(`wrong proof ${column}`, async () => {
    const { batch, matrix } = await honest();
    const proofs = batch.metadata.proofs.slice();
    proofs.copyWithin(column * 48, ((column + 1) % 128) * 48, ((column + 1) % 128) * 48 + 48);
    return { batch: assemble(batch.blobs, batch.metadata.headers, proofs), matrix };
  });

/** Column `column`'s proof is no point at all. */
export const noProof = (column: number): Promise<Stored> =>
  once(`no proof ${column}`, async () => {
    const { batch, matrix } = await honest();
    const proofs = batch.metadata.proofs.slice().fill(0xff, column * 48, (column + 1) * 48);
    return { batch: assemble(batch.blobs, batch.metadata.headers, proofs), matrix };
  });

/** F1: one element of the redundancy flipped, under an honest tree: what only a lying node could hold. */
export const flippedParity = (column: number): Promise<Stored> =>
  once(`flipped ${column}`, async (compute) => {
    const { rows } = await blobOf("second", TWO_ROWS);
    const { extended } = await compute.extendRows(rows);
    const flip = (cell: Uint8Array): void => {
      cell[31] = (cell[31] as number) ^ 1;
    };
    const matrix = matrixOf(edit(extended, 1, column, flip));
    const bad = await corruptBlob(compute, "second", matrix, TWO_ROWS);
    return { batch: await sampleBatch(compute, [bad]), matrix };
  });

/** One element of column `column` is not smaller than the field order, under an honest tree. */
export const nonCanonical = (column: number): Promise<Stored> =>
  once(`non canonical ${column}`, async (compute) => {
    const { rows } = await blobOf("first");
    const { extended } = await compute.extendRows(rows);
    const matrix = matrixOf(edit(extended, 0, column, (cell) => cell.fill(0xff, 0, 32)));
    const bad = await corruptBlob(compute, "first", matrix, 1_000);
    return { batch: await sampleBatch(compute, [bad]), matrix };
  });
