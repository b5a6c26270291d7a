import { createLog } from "../../adapters/log.ts";
import { DEVNET_CHAIN_ID, type NetworkJson } from "../../adapters/network.ts";
import { choosePorts } from "../../devnet/ports.ts";
import { ZgError } from "../../protocol/errors.ts";
import { untilEnd } from "../../workers/ended.ts";
import { fundedMiner, type MinerArguments, withMiner } from "../lib/minerTask.ts";
import { timingOf } from "../lib/timing.ts";

interface StartArguments extends MinerArguments {
  readonly shards: number;
  readonly share: number;
}

/** On a chain of one's own ether is worth nothing; elsewhere an answer must earn its gas. */
const LEAST_GAIN = { devnet: 0, other: 1 } as const;
/** Runs a miner as a process of its own: one of the network's, or one more. */
export default async function start(given: StartArguments): Promise<void> {
  await withMiner(given, async (session) => {
    const { name, data, output, interrupt } = session;
    await fundedMiner(session);
    const network = await withThisMiner(session.network, data, given);
    const { openContext } = await import("../../devnet/context.ts");
    const { startWorker } = await import("../../devnet/parties.ts");
    const timing = timingOf(network, network.validators.length);
    const log = createLog({ name });
    const context = await openContext({ network, timing, log, threads: 1, warm: false });
    try {
      const running = await startWorker(context, data, name);
      try {
        output.say(`${name} is running at ${running.url}. Ctrl-C stops it.`);
        output.result({ name, url: running.url ?? null });
        await untilEnd([running], interrupt.signal);
      } finally {
        await running.stop();
      }
    } finally {
      await context.close();
    }
  });
}

/** The network as this miner sees it: with a place for itself, and mining as asked for. */
async function withThisMiner(
  network: NetworkJson,
  data: string,
  { id, shards, share }: StartArguments,
): Promise<NetworkJson> {
  const usual = network.mining ?? {
    ...{ shards: 1, share: 1 },
    leastGain: network.chainId === DEVNET_CHAIN_ID ? LEAST_GAIN.devnet : LEAST_GAIN.other,
  };
  const mining = { ...usual, shards: shards || usual.shards, share: share || usual.share };
  if (!Number.isInteger(Math.log2(mining.shards))) {
    throw new ZgError("BadConfig", { field: "--shards", shards, why: "a power of two" });
  }
  if (!(mining.share > 0 && mining.share <= 1)) {
    throw new ZgError("BadConfig", { field: "--share", share, why: "more than 0, at most 1" });
  }
  const miners = [...network.miners];
  if (miners[id] === undefined) {
    const name = `miner-${id}`;
    const ports = await choosePorts(data, [name]);
    while (miners.length < id) miners.push("http://127.0.0.1:0");
    miners.push(`http://127.0.0.1:${ports[name]}`);
  }
  return { ...network, miners, mining };
}
