import type { Progress } from "../../protocol/status.ts";
import { hasReached } from "../../protocol/status.ts";
import type { BlobEvent, BlobView } from "../../workers/disperser/view.ts";
import { duration, integer, short } from "./format.ts";

/** The stages a user watches, in the order of the route. */
export const STAGES = ["accepted", "encoded", "submitted", "stored", "sampled", "confirmed", "finalized"] as const;
export type Stage = (typeof STAGES)[number];

export const GOALS = ["stored", "confirmed", "finalized"] as const;
export type Goal = (typeof GOALS)[number];

export const STATUS_OF: Record<Goal, Progress> = { stored: "STORED", confirmed: "CONFIRMED", finalized: "FINALIZED" };

/** The stages that must have ended before `--wait GOAL` returns. */
export function stagesUntil(goal: Goal): readonly Stage[] {
  return STAGES.slice(0, STAGES.indexOf(goal) + 1);
}

/** What there is of each kind, for "k of n". */
export interface Parties {
  readonly storageNodes: number;
  readonly validators: number;
}

export interface StageView {
  readonly stage: Stage;
  readonly done: boolean;
  /** One line: how far, when, which ids, how much gas. */
  readonly text: string;
}

/**
 * How far a blob is at one stage. Computed from the disperser's view each time, so a reorg that takes a stage back
 * shows as such.
 */
export function stageOf(stage: Stage, view: BlobView, parties: Parties): StageView {
  const { done, details } = READ[stage](view, parties);
  return { stage, done, text: [stage, ...details].join("  ") };
}

interface Reading {
  readonly done: boolean;
  readonly details: readonly string[];
}

const READ: Record<Stage, (view: BlobView, parties: Parties) => Reading> = {
  accepted: (view) => ({ done: true, details: [`request ${short(view.requestId)}`] }),
  encoded: (view) => ({
    done: view.blobKey !== undefined,
    details: [...when(view, "encoded"), ...(view.blobKey === undefined ? [] : [`blob ${short(view.blobKey)}`])],
  }),
  submitted: (view) => ({
    done: hasReached(view.status, "SUBMITTED"),
    details: [...when(view, "submitted"), ...(view.batchId === undefined ? [] : [`batch ${short(view.batchId)}`])],
  }),
  stored: (view, { storageNodes }) => ({
    done: hasReached(view.status, "STORED"),
    details: [`${view.acks.length} of ${storageNodes}`, ...when(view, "stored")],
  }),
  // The batch may be confirmed before the slowest validator has answered: the stage then ends with fewer than all.
  sampled: (view, { validators }) => ({
    done: view.signatures.length >= validators || hasReached(view.status, "CONFIRMED"),
    details: [`${view.signatures.length} of ${validators}`, ...when(view, "sampled")],
  }),
  confirmed: (view) => ({ done: hasReached(view.status, "CONFIRMED"), details: when(view, "confirmed") }),
  finalized: (view) => ({ done: hasReached(view.status, "FINALIZED"), details: when(view, "finalized") }),
};

/** The last event of a stage: of several attempts or nodes, the one that ended it. */
export function eventOf(view: BlobView, stage: Stage): BlobEvent | undefined {
  return view.events.findLast((event) => event.stage === stage);
}

function when(view: BlobView, stage: Stage): string[] {
  const event = eventOf(view, stage);
  const start = view.events[0];
  if (event === undefined || start === undefined) return [];
  return [
    `+${duration(event.time - start.time)}`,
    ...(event.block === undefined ? [] : [`block ${integer(event.block)}`]),
    ...(event.tx === undefined ? [] : [`tx ${short(event.tx)}`]),
    ...(event.gas === undefined ? [] : [`${integer(event.gas)} gas`]),
  ];
}
