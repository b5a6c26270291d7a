import { Wallet } from "ethers";
import { openBucket } from "../../adapters/bucket.ts";
import { bucketCursor, follow } from "../../adapters/follow.ts";
import { openClient } from "../../adapters/http-client.ts";
import { startLoop } from "../../adapters/loop.ts";
import { openOutbox } from "../../adapters/outbox.ts";
import { openQueues } from "../../adapters/queue.ts";
import { createShutdown } from "../../adapters/shutdown.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { Context, PartyOptions, Running } from "../context.ts";
import { endWith } from "../ended.ts";
import { keys } from "../records.ts";
import { subscribe } from "../subscribe.ts";
import { createCalls } from "./calls.ts";
import { createDesk } from "./desk.ts";
import { createOpenBatches } from "./open.ts";
import { readChainParameters } from "./parameters.ts";
import { createSlots } from "./slot-reader.ts";
import { mayReach } from "./socket.ts";
import { createValidators } from "./validators.ts";

export type BatcherOptions = PartyOptions & {
  readonly bucket: string;
  /** The sender's key, or its private key: only its address is used, a batcher signs nothing. */
  readonly wallet: Wallet | Hex;
};

/** One batcher is one key. Two processes on one key are safe: the outbox slot decides between them. */
export const startBatcher = async (context: Context, options: BatcherOptions): Promise<Running> => {
  const { chain, network, timing } = context;
  const log = context.log.child({ worker: "batcher" });
  const shutdown = createShutdown({ log });
  let done: Promise<void>;
  try {
    const bucket = await openBucket(options.bucket);
    shutdown.add("bucket", () => bucket.close());
    const client = openClient();
    shutdown.add("client", () => client.close());
    const inside = openClient({ mayReach: (address) => mayReach(address, true) });
    shutdown.add("client of own validators", () => inside.close());
    const outside = openClient({ mayReach: (address) => mayReach(address, false) });
    shutdown.add("client of other validators", () => outside.close());
    const wallet = typeof options.wallet === "string" ? new Wallet(options.wallet) : options.wallet;
    const submitter = wallet.address.toLowerCase() as Hex;
    const outbox = await openOutbox({ bucket, chain, wallet: submitter, log });
    const queues = await openQueues({ redis: options.redis, prefix: `zg:${options.name}`, log });
    shutdown.add("queues", () => queues.close());
    const open = createOpenBatches(bucket);
    await open.reload();

    const desk = createDesk({
      context,
      bucket,
      client,
      asking: { inside, outside },
      outbox,
      queues,
      open,
      log,
      slots: createSlots(bucket, outbox),
      calls: createCalls(chain, submitter),
      validators: createValidators(chain),
      parameters: await readChainParameters(chain),
      signal: shutdown.signal,
    });
    const follower = await follow({
      chain,
      addresses: [network.contracts.DAEntrance, network.contracts.DAChallenge],
      cursor: bucketCursor(bucket, keys.cursor),
      fromBlock: network.fromBlock,
      confirmations: 1,
      onBlocks: desk.onBlocks,
      onReorg: desk.onReorg,
      onHead: desk.onHead,
      pollMs: timing.pollMs,
      log,
    });
    shutdown.add("follower", () => follower.stop());
    done = endWith(follower, shutdown);
    subscribe(queues, "batcher", desk.handlers);
    const loop = startLoop({ name: "batcher reconcile", everyMs: timing.reconcileMs, log, run: desk.reconcile });
    shutdown.add("reconcile", () => loop.stop());
    shutdown.add("timer", desk.stop);
  } catch (error) {
    await shutdown.stop("start failed");
    throw error;
  }
  return { done, stop: () => shutdown.stop().then(() => undefined) };
};
