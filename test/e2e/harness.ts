/** A whole network in this process, whose blocks come only from the test: nothing here waits for a clock's block. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openClient } from "../../adapters/http-client.ts";
import { createLog, type Log, silentLog } from "../../adapters/log.ts";
import { type NetworkOptions, type RunningNetwork, startNetwork } from "../../devnet/network.ts";
import { toHex } from "../../protocol/hex.ts";
import type { Timing } from "../../workers/context.ts";
import { BlobView } from "../../workers/disperser/view.ts";
import { nodeSource, type RetrieveOptions, readBatchFrom, retrieve } from "../../workers/retriever/index.ts";

/** E2E_LOG=debug shows what the parties say. */
export const testLog = (): Log =>
  process.env.E2E_LOG ? createLog({ name: "e2e", level: process.env.E2E_LOG as "debug" }) : silentLog;

/** The parties' own waits, short: nothing that is tested depends on them. */
export const TEST_TIMING: Partial<Timing> = { pollMs: 40, batchMs: 50, graceMs: 300, reconcileMs: 500 };
/** Real time between two blocks while a test waits for the parties to act on the last one. */
const BLOCK_MS = 100;
const PATIENCE_MS = 90_000;

export interface TestNetwork extends RunningNetwork {
  readonly data: string;
  /** Hands a payload to the disperser and returns the request id. */
  post(payload: Uint8Array, salt?: string): Promise<string>;
  view(id: string): Promise<BlobView>;
  /** Mines until the blob's view satisfies the condition. */
  until(id: string, what: (view: BlobView) => boolean): Promise<BlobView>;
  /** Mines until the condition holds. */
  mineUntil<T>(what: () => Promise<T | null | undefined | false>, label?: string): Promise<T>;
  read(blobKey: string, options?: Partial<RetrieveOptions>): Promise<Uint8Array>;
}

/** @param options.patienceMs how long anything may take; default 90 s */
export async function startTestNetwork(
  options: Partial<NetworkOptions> & { readonly patienceMs?: number } = {},
): Promise<TestNetwork> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "zg-e2e-")));
  const timing = { ...TEST_TIMING, ...options.timing };
  const running = await startNetwork({ data, interval: 0, log: testLog(), ...options, timing });
  return testNetwork(running, data, options.patienceMs);
}

export function testNetwork(running: RunningNetwork, data: string, patienceMs = PATIENCE_MS): TestNetwork {
  const { network, context, devChain } = running;
  const client = openClient();
  const view = async (id: string) => BlobView.parse(await answer(await fetch(`${network.disperser}/blobs/${id}`)));
  const mine = () => (devChain === null ? undefined : devChain.request("evm_mine", []));
  const mineUntil: TestNetwork["mineUntil"] = async (what, label = String(what)) => {
    for (const started = Date.now(); Date.now() - started < patienceMs; await pause(BLOCK_MS)) {
      const found = await what();
      if (found) return found;
      await mine();
    }
    throw new Error(`still not so after ${patienceMs} ms: ${label}`);
  };
  return {
    ...running,
    data,
    view,
    mineUntil,
    async post(payload, salt = toHex(randomBytes(32))) {
      const url = `${network.disperser}/blobs?account=0x${"00".repeat(20)}&salt=${salt}`;
      const headers = { "content-type": "application/octet-stream" };
      const reply = await fetch(url, { method: "POST", headers, body: Buffer.from(payload) });
      return ((await answer(reply)) as { requestId: string }).requestId;
    },
    async until(id, what) {
      let last: BlobView | undefined;
      const check = async () => {
        // The disperser may be the process that a test has just killed.
        last = await view(id).catch(() => undefined);
        return last !== undefined && what(last) ? last : undefined;
      };
      return mineUntil(check, String(what)).catch((error) => {
        throw new Error(`${error.message}\n${JSON.stringify(last, null, 1)}`);
      });
    },
    async read(blobKey, options = {}) {
      const { payload } = await retrieve({
        blobKey: blobKey as `0x${string}`,
        sources: network.storageNodes.map((url) => nodeSource(client, url)),
        readBatch: readBatchFrom(context.chain),
        compute: context.compute,
        ...options,
      });
      return payload;
    },
    async stop() {
      client.close();
      await running.stop();
      if (keeps(data)) return;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** E2E_KEEP=1 leaves the data folder for a look. */
const keeps = (data: string): boolean => {
  if (process.env.E2E_KEEP) console.error(`kept: ${data}`);
  return Boolean(process.env.E2E_KEEP);
};

async function answer(reply: Response): Promise<unknown> {
  const body = (await reply.json()) as { code?: string };
  if (!reply.ok) throw new Error(`${reply.status} ${JSON.stringify(body)}`);
  return body;
}

/** Bytes that no compression, and no lucky alignment, makes shorter. */
export const randomPayload = (bytes: number): Uint8Array => {
  const payload = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(payload.subarray(at, Math.min(bytes, at + 65_536)));
  return payload;
};
