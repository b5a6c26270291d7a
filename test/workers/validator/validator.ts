/** A validator without its network: the parts that decide, on a store of their own, among nodes that do as the test says. */
import { type BlsKey, openKey } from "../../../adapters/bls.ts";
import type { Compute } from "../../../adapters/compute.ts";
import type { HttpClient } from "../../../adapters/http-client.ts";
import { silentLog } from "../../../adapters/log.ts";
import { attestationMessage } from "../../../protocol/attestation.ts";
import { drawColumns } from "../../../protocol/column.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import { acceptEvidence } from "../../../workers/validator/evidence.ts";
import { type Ledger, openLedger } from "../../../workers/validator/ledger.ts";
import { createNodes, type Nodes } from "../../../workers/validator/nodes.ts";
import { type Progress, sample } from "../../../workers/validator/sample.ts";
import { createSlotIn } from "../../../workers/validator/signer.ts";
import { createTraffic } from "../../../workers/validator/traffic.ts";
import { applyEvents, applyReorg, dropOver, jobOf } from "../../../workers/validator/watch.ts";
import { tempDir } from "../../fakes/temp.ts";
import { CHAIN_ID, ENTRANCE } from "../../protocol/sample.ts";
import { EPOCH, type FakeChain, fakeChain, submittedEvent, WINDOW } from "../fake-chain.ts";
import { frame, type Stored } from "../stored.ts";

/** Answers for a storage node: bytes, or an error; a promise that never settles is a node that hangs. */
export interface Behaviour {
  readonly metadata?: (stored: Stored) => Uint8Array | Promise<Uint8Array>;
  readonly column?: (stored: Stored, column: number) => Uint8Array | Promise<Uint8Array>;
}

export const A = "http://node-a";
export const B = "http://node-b";
export const SAMPLES = 8;
export const ACCOUNT: Hex = `0x${"a1".repeat(20)}`;
export const SECRET = toHex(keccakText("a validator")).replace(/^0x./, "0x0") as Hex;
export const key = openKey(SECRET);

/** Blocks: short beside the retention of the fake chain. */
export const WINDOWS = { claimWindow: 20, auditWindow: 10, slashWindow: 10 };

export interface TestValidator {
  readonly fake: FakeChain;
  readonly ledger: Ledger;
  readonly nodes: Nodes;
  readonly progress: Progress;
  /** What was asked of the nodes, in order. */
  readonly asked: string[];
  readonly published: Hex[];
  follow(): Promise<void>;
  submit(stored: Stored): Promise<number>;
  /** One round of the batch's job; undefined: decided, or no job. */
  round(stored: Stored): Promise<number | undefined>;
  reorg(ancestor: number): Promise<void>;
  drop(finalized: number): Promise<void>;
  evidence(stored: Stored, column: number, bytes: Uint8Array): Promise<boolean>;
  restart(): Promise<TestValidator>;
  close(): Promise<void>;
}

export interface TestValidatorOptions {
  readonly compute: Pick<Compute, "verifyBatch" | "verifyColumn">;
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  readonly batches: readonly Stored[];
  /** First epoch in which it counts. */
  readonly from?: number;
  readonly registered?: boolean;
  readonly hedgeMs?: number;
  readonly samples?: number;
  /** Default: `key`. */
  readonly key?: BlsKey;
}

const keyOf = (options: TestValidatorOptions): Hex => (options.key ?? key).publicKey;

export const messageOf = (stored: Stored, seed: Hex): Hex =>
  attestationMessage({
    chainId: CHAIN_ID,
    entrance: ENTRANCE,
    batchId: stored.batch.facts.batchId,
    epoch: BigInt(EPOCH),
    seed,
  });

/** What the validator will draw: a test knows, nodes do not. */
export const drawnOf = (stored: Stored, seed: Hex): number[] => drawColumns(key.sign(messageOf(stored, seed)), SAMPLES);

export const openValidator = async (
  options: TestValidatorOptions,
  fake = fakeChain(options.registered === false ? [] : [{ publicKey: keyOf(options), from: options.from ?? 0 }]),
  at = tempDir("validator"),
): Promise<TestValidator> => {
  const { compute, batches, behaviours = { [A]: {}, [B]: {} } } = options;
  const asked: string[] = [];
  const published: Hex[] = [];
  const ledger = await openLedger(at.path);
  const answer = async (url: string): Promise<Uint8Array> => {
    asked.push(url);
    const [, origin = "", id, what, column] = /^(http:..[^/]+)\/batches\/(0x\w+)\/(\w+)(?:\/(\d+))?/.exec(url) ?? [];
    const stored = batches.find(({ batch }) => batch.facts.batchId === id);
    const behaviour = behaviours[origin];
    if (stored === undefined || behaviour === undefined) throw new ZgError("NodeDown", { url });
    if (what === "metadata") return (await behaviour.metadata?.(stored)) ?? stored.batch.bytes;
    return (await behaviour.column?.(stored, Number(column))) ?? frame(stored, Number(column));
  };
  const client = { bytes: answer } as unknown as HttpClient;
  const shuffle = <T>(items: readonly T[]): T[] => [...items];
  const nodes = createNodes({
    ...{ client, urls: Object.keys(behaviours), shuffle },
    ...{ hedgeMs: options.hedgeMs ?? 60_000, deadlineMs: 1_000 },
  });
  const progress: Progress = new Map();
  let latest = 0;
  const deps = {
    ...{
      ledger,
      nodes,
      compute,
      key: options.key ?? key,
      progress,
      log: silentLog,
      latest: () => latest,
      now: () => 1,
    },
    ...{ chainId: Number(CHAIN_ID), entrance: ENTRANCE, samples: options.samples ?? SAMPLES },
    slotIn: createSlotIn(fake.chain, keyOf(options)),
    traffic: createTraffic(() => undefined),
    publish: (batchId: Hex) => void published.push(batchId),
  };
  const watch = {
    windows: WINDOWS,
    ...{ ledger, log: silentLog },
    entrance: { chainId: Number(CHAIN_ID), entrance: ENTRANCE, confirmWindow: WINDOW },
  };
  const follow = async (): Promise<void> => {
    const head = await fake.chain.head();
    for (let block = latest + 1; block <= head; block++) {
      const logs = await fake.chain.logs({ from: block, to: block });
      await applyEvents(
        watch,
        logs.map((_, index) => fake.eventAt(block, index)),
      );
    }
    latest = head;
  };
  const round = async (stored: Stored): Promise<number | undefined> => {
    const job = jobOf(ledger.find(stored.batch.facts.batchId));
    return job === undefined ? undefined : sample(deps, job, new AbortController().signal);
  };
  return {
    ...{ fake, ledger, nodes, progress, asked, published, follow, round },
    submit: async (stored) => {
      const block = fake.mine(submittedEvent(stored.batch));
      await follow();
      return block;
    },
    reorg: async (ancestor) => {
      fake.rewind(ancestor);
      latest = Math.min(latest, ancestor);
      await applyReorg(watch, ancestor);
    },
    drop: (finalized) => dropOver(watch, finalized),
    evidence: (stored, column, bytes) =>
      acceptEvidence({ ledger, compute, wake: () => round(stored) }, stored.batch.facts.batchId, column, bytes),
    restart: async () => {
      await ledger.close();
      return openValidator(options, fake, at);
    },
    close: async () => {
      await ledger.close();
      at.remove();
    },
  };
};
