/**
 * Nodes that did not acknowledge a batch before its confirmation get it afterwards: one complete node is enough for the
 * certificate, and not enough for the data to stay. A marker in the bucket says that a node may lack the batch; whom to
 * ask next, and who rests, is memory. A node that is gone costs one attempt a rest, however many batches it lacks.
 */
import { getJson, type ObjectStore } from "../../adapters/bucket.ts";
import type { Hex } from "../../protocol/hex.ts";
import { readBatchFacts } from "../batch-facts.ts";
import { idIn, keys, NodeAnswer, Replication } from "../records.ts";

export interface ReplicasDeps {
  readonly bucket: ObjectStore;
  readonly nodes: number;
  readonly add: (batchId: Hex, node: string) => Promise<unknown>;
  /** First rest of a node that failed, ms; doubled up to `MAX_REST_MS`. */
  readonly restMs: number;
  readonly now: () => number;
}

/** An upload of a batch that is confirmed already: it must leave room for those that still have a deadline. */
export interface LateUploads {
  /** Whether the node may be sent a confirmed batch now; who is told so says how it ended. */
  begin(node: string): boolean;
  /** `answered`: the node has acknowledged or refused, and need not be asked again. */
  end(batchId: Hex, node: string, answered: boolean): Promise<void>;
}

export interface Replicas extends LateUploads {
  /** Removes markers that are over, and asks for one upload for each node that lacks a batch and does not rest. */
  look(finalized: number): Promise<void>;
  /** The chain took something back: what is remembered may be of another fork. */
  forget(): void;
}

/** Of the edge's four hands, silent nodes may hold these; the others are for batches with a deadline. */
const MAX_RUNNING = 2;
/** A node that is back gets what it lacks within this time and a reconciliation. */
const MAX_REST_MS = 60_000;

export const restOf = (failures: number, restMs: number): number =>
  Math.min(restMs * 2 ** Math.max(failures - 1, 0), Math.max(restMs, MAX_REST_MS));

interface Lack {
  readonly retainUntil: number;
  /** Block of the submission: answers to another one do not count. */
  readonly seed: Hex;
  readonly nodes: Set<string>;
}

export const createReplicas = ({ bucket, nodes, add, restMs, now }: ReplicasDeps): Replicas => {
  /** In the order in which they are tried; a batch that failed goes to the end, so that none stands before the others. */
  const lacks = new Map<Hex, Lack>();
  const rests = new Map<string, { readonly failures: number; readonly until: number }>();
  const running = new Set<string>();
  const names = Array.from({ length: nodes }, (_, node) => String(node));

  const mayTry = (node: string): boolean => !running.has(node) && now() >= (rests.get(node)?.until ?? 0);

  /** Undefined: nothing to do for it now; "over": nor ever. */
  const read = async (batchId: Hex): Promise<Lack | "over" | undefined> => {
    const facts = await readBatchFacts(bucket, batchId);
    if (facts === null || facts.closed?.outcome === "unavailable") return "over";
    const { submitted, confirmed, answers } = facts;
    // Written before the confirmation, or taken back: an open batch has uploads of its own.
    if (submitted === null || confirmed === null) return undefined;
    const answered = new Set(answers.filter(isAnswer).map(({ node }) => node));
    const left = names.filter((node) => !answered.has(node));
    return { retainUntil: confirmed.retainUntil, seed: submitted.blockHash, nodes: new Set(left) };
  };

  const remove = async (batchId: Hex): Promise<void> => {
    lacks.delete(batchId);
    await bucket.delete(keys.replication(batchId));
  };

  const next = async (node: string): Promise<void> => {
    if (!mayTry(node)) return;
    for (const [batchId, lack] of lacks) {
      if (!lack.nodes.has(node)) continue;
      // Another batcher on this key may have brought it.
      const answer = await getJson(bucket, keys.answer(batchId, node), NodeAnswer);
      if (answer === null || answer.seed !== lack.seed || !isAnswer(answer)) {
        await add(batchId, node);
        return;
      }
      lack.nodes.delete(node);
    }
  };

  return {
    look: async (finalized) => {
      const marked = new Set<Hex>();
      for await (const key of bucket.list(keys.replications)) marked.add(idIn(key));
      for (const batchId of lacks.keys()) if (!marked.has(batchId)) lacks.delete(batchId);
      for (const batchId of marked) {
        const known = lacks.get(batchId);
        const lack = known ?? (await read(batchId));
        if (lack === "over") {
          await remove(batchId);
          continue;
        }
        const retainUntil =
          lack?.retainUntil ?? (await getJson(bucket, keys.replication(batchId), Replication))?.retainUntil;
        if (retainUntil === undefined) continue;
        if (finalized > retainUntil || lack?.nodes.size === 0) await remove(batchId);
        else if (known === undefined && lack !== undefined) lacks.set(batchId, lack);
      }
      for (const node of names) await next(node);
    },
    begin: (node) => {
      if (!mayTry(node) || running.size >= MAX_RUNNING) return false;
      running.add(node);
      return true;
    },
    end: async (batchId, node, answered) => {
      running.delete(node);
      const lack = lacks.get(batchId);
      if (answered) {
        rests.delete(node);
        lack?.nodes.delete(node);
        // Whoever is back gets the rest of what it lacks without waiting for the next look.
        await next(node);
        return;
      }
      const failures = (rests.get(node)?.failures ?? 0) + 1;
      rests.set(node, { failures, until: now() + restOf(failures, restMs) });
      if (lack === undefined) return;
      lacks.delete(batchId);
      lacks.set(batchId, lack);
    },
    forget: () => lacks.clear(),
  };
};

const isAnswer = ({ outcome }: NodeAnswer): boolean => outcome !== "down";
