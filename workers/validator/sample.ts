/**
 * Edge `sample`: one round over one batch. The signature is computed in private and draws the columns; it leaves this
 * process only after every drawn column was verified and is durable. Giving it out is the attestation.
 */
import type { BlsKey } from "../../adapters/bls.ts";
import type { Compute, VerifiedBatch } from "../../adapters/compute.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { Log } from "../../adapters/log.ts";
import { attestationMessage } from "../../protocol/attestation.ts";
import { drawColumns } from "../../protocol/column.ts";
import { isErrorCode, ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isRecorded, metadataBytesOf } from "../chain-batch.ts";
import type { SampleJob } from "../route.ts";
import { type Complaint, isEvidence, pauseAfter, plainFields, sentenceOf, worstOf } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import { type Nodes, Verdict } from "./nodes.ts";
import { isLate, mustSample, type Refused, type Sampling } from "./record.ts";
import type { SlotIn } from "./signer.ts";
import { expectedTraffic, type Traffic } from "./traffic.ts";

export interface SampleDeps {
  readonly ledger: Ledger;
  readonly nodes: Pick<Nodes, "metadata" | "column">;
  readonly compute: Pick<Compute, "verifyBatch" | "verifyColumn">;
  readonly key: Pick<BlsKey, "sign">;
  readonly slotIn: SlotIn;
  readonly chainId: number;
  readonly entrance: Hex;
  /** Columns to draw. */
  readonly samples: number;
  readonly latest: () => number;
  readonly progress: Progress;
  readonly traffic: Traffic;
  /** Tells the others of a column that proves a batch bad. */
  readonly publish: (batchId: Hex) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** Why there is no signature yet, of each batch that is being sampled; lost at a restart, and made again. */
export type Progress = Map<Hex, { readonly round: number; readonly why: string; readonly who: string | null }>;

/** Columns of one batch in flight. */
const LANES = 8;
/** While nodes are still being filled, ms. */
const NOT_YET_MS = 200;

/** ms after which to try again; undefined: decided, or nothing to do. */
export const sample = async (deps: SampleDeps, job: SampleJob, signal: AbortSignal): Promise<number | undefined> => {
  const { ledger, progress } = deps;
  const record = ledger.find(job.batchId);
  if (!mustSample(record) || record.batch.seed !== job.seed) {
    progress.delete(job.batchId);
    return undefined;
  }
  const complaints: Complaint[] = [];
  try {
    return await round(deps, record, complaints, signal);
  } catch (error) {
    if (error instanceof Verdict) {
      const { code, fields, message } = error.error;
      await refuse(deps, record, { code, why: message, who: null, fields: plainFields(fields) });
      return undefined;
    }
    const known = progress.get(job.batchId);
    const { message } = asZgError(error);
    progress.set(job.batchId, { round: known?.round ?? 0, why: message, who: worstOf(complaints) });
    throw error;
  }
};

const round = async (
  deps: SampleDeps,
  record: Sampling,
  complaints: Complaint[],
  signal: AbortSignal,
): Promise<number | undefined> => {
  const { ledger, progress } = deps;
  const { facts, epoch, seed, deadline } = record.batch;
  const { batchId } = facts;
  const before = progress.get(batchId);
  if (isLate(record, deps.latest())) {
    const why = `not sampled by block ${deadline}: ${before?.why ?? "no answer in time"}`;
    await refuse(deps, record, { code: "Unavailable", why, who: before?.who ?? null, fields: { deadline } });
    return undefined;
  }
  const slot = await deps.slotIn(epoch);
  if (slot === null) {
    const why = `this validator has no stake in epoch ${epoch}`;
    await refuse(deps, record, { code: "NotASigner", why, who: null, fields: { epoch } });
    return undefined;
  }
  const evidence = ledger.evidence(batchId);
  if (evidence !== undefined) throw verdictOf(evidence.code, { column: evidence.column });

  const { chainId, entrance } = deps;
  const message = attestationMessage({ chainId: BigInt(chainId), entrance, batchId, epoch: BigInt(epoch), seed });
  const signature = deps.key.sign(message);
  const columns = drawColumns(signature, deps.samples);
  const asking: Asking = {
    complain: (complaint) => void complaints.push(complaint),
    onTraffic: (bytes) => deps.traffic.add(batchId, bytes),
    signal,
  };

  const batch = await openBatch(deps, record, asking);
  let open = batch === undefined;
  if (batch !== undefined) open = await fetchColumns(deps, batch, record, columns, asking);
  const missing = columns.filter((column) => ledger.sample(batchId, column) === undefined);
  if (missing.length > 0) {
    const counts = { have: columns.length - missing.length, need: columns.length };
    const times = open ? (before?.round ?? 0) : (before?.round ?? 0) + 1;
    progress.set(batchId, { round: times, why: sentenceOf(complaints, counts), who: worstOf(complaints) });
    return open ? NOT_YET_MS : pauseAfter(times);
  }
  crashpoint("columns-fetched");
  signal.throwIfAborted();
  const current = ledger.find(batchId);
  if (!mustSample(current) || current.batch.seed !== seed) return undefined;
  const signed = { kind: "signed", signature, slot, columns, time: deps.now() } as const;
  await ledger.decide(batchId, seed, signed);
  crashpoint("signature-written");
  progress.delete(batchId);
  const traffic = { bytes: deps.traffic.of(batchId), expected: expectedTraffic(columns.length, facts) };
  deps.log.info({ batchId, seed, slot, columns: columns.length, traffic }, "sampled and signed");
  return undefined;
};

interface Asking {
  readonly complain: (complaint: Complaint) => void;
  readonly onTraffic: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** The verified batch; undefined while no node gives its metadata. Throws a Verdict if the recorded bytes are bad. */
const openBatch = async (
  { ledger, nodes, compute }: SampleDeps,
  { batch: submitted }: Sampling,
  asking: Asking,
): Promise<VerifiedBatch | undefined> => {
  const { facts } = submitted;
  const check = async (bytes: Uint8Array): Promise<VerifiedBatch> => {
    if (!isRecorded(bytes, facts)) throw new ZgError("MetadataRootMismatch", { metadataRoot: facts.metadataRoot });
    const verdict = await compute.verifyBatch(bytes, facts);
    if (!verdict.ok) throw new Verdict(verdict.code, verdict.fields);
    return verdict.batch;
  };
  const kept = ledger.metadata(facts.batchId);
  if (kept !== undefined && isRecorded(kept, facts)) return check(kept);
  try {
    return await nodes.metadata(facts.batchId, metadataBytesOf(facts), {
      ...asking,
      check: async (bytes) => {
        const batch = await check(bytes);
        await ledger.putMetadata(submitted, bytes);
        return batch;
      },
    });
  } catch (error) {
    if (error instanceof Verdict || asking.signal.aborted) throw error;
    return undefined;
  }
};

/** Fetches, verifies and keeps what is missing. True: the nodes are not ready yet, this was no failure of theirs. */
const fetchColumns = async (
  deps: SampleDeps,
  batch: VerifiedBatch,
  { batch: submitted }: Sampling,
  columns: readonly number[],
  { signal, ...asking }: Asking,
): Promise<boolean> => {
  const { ledger, nodes, compute } = deps;
  const { batchId, rowCount } = submitted.facts;
  const queue = columns.filter((column) => ledger.sample(batchId, column) === undefined);
  let notReady = false;
  let verdict: Verdict | undefined;
  const fetchOne = async (column: number): Promise<void> => {
    const check = async (frame: Uint8Array): Promise<Uint8Array> => {
      const result = await compute.verifyColumn(batch, column, frame);
      if (result.ok) return frame;
      if (!isEvidence(result.code)) throw new ZgError(result.code, result.fields);
      await ledger.putEvidence(submitted, { column, code: result.code, frame });
      deps.publish(batchId);
      throw new Verdict(result.code, { ...result.fields, column });
    };
    try {
      const frame = await nodes.column(batchId, column, rowCount, { ...asking, check, signal });
      // Durable when it resolves: nothing is signed that could be forgotten.
      await ledger.putSample(submitted, column, frame);
    } catch (error) {
      if (error instanceof Verdict) verdict = error;
      else if (!(error instanceof ZgError)) throw error;
      else if (error.code === "NotStaged" || error.code === "UnknownBatch") notReady = true;
      if (signal.aborted) throw error;
    }
  };
  const lane = async (): Promise<void> => {
    for (let column = queue.shift(); column !== undefined; column = queue.shift()) {
      await fetchOne(column);
      if (verdict !== undefined || notReady) return;
    }
  };
  // While nodes are still being filled, one question is enough to find out.
  const first = queue.shift();
  if (first !== undefined) await fetchOne(first);
  if (verdict === undefined && !notReady) await Promise.all(Array.from({ length: LANES }, lane));
  if (verdict !== undefined) throw verdict;
  return notReady;
};

const verdictOf = (code: string, fields: ZgError["fields"]): Verdict =>
  new Verdict(isErrorCode(code) ? code : "ColumnProofMismatch", fields);

const refuse = async (deps: SampleDeps, record: Sampling, about: Omit<Refused, "kind" | "time">): Promise<void> => {
  const { facts, seed } = record.batch;
  deps.log.warn({ batchId: facts.batchId, ...about }, "does not sign");
  await deps.ledger.decide(facts.batchId, seed, { kind: "refused", ...about, time: deps.now() });
  deps.progress.delete(facts.batchId);
};
