import { z } from "zod";
import { logsIn } from "../../adapters/logs.ts";
import { knownPorts } from "../../devnet/ports.ts";
import { type Hex, isHex } from "../../protocol/hex.ts";
import { findMinerId } from "../../workers/miner/identity.ts";
import { bytes, gwei, integer } from "../lib/format.ts";
import { keyOfMiner, type MinerArguments, type MinerSession, withMiner } from "../lib/minerTask.ts";
import { addressOfKey } from "../lib/party.ts";
import { EMPTY_LEDGER, type Ledger, ledgerWith } from "../lib/rewards.ts";
import { drawTable } from "../lib/table.ts";

/** What is shown of a worker's `GET /status`. */
const Worker = z.object({
  minerId: z.custom<Hex>((value) => isHex(value, 32)).nullable(),
  shard: z.object({ shardId: z.int(), numShard: z.int() }),
  sealed: z.object({ loads: z.int(), total: z.int() }),
  mining: z.object({ epoch: z.int(), last: z.int() }).nullable(),
  trialsPerSecond: z.number(),
  submitted: z.int(),
});
type Worker = z.infer<typeof Worker>;

const LOAD_BYTES = 2 ** 18;
const MAX_ANSWER = 2 ** 20;
const DEADLINE_MS = 2_000;

/** What the chain knows of a miner, and what its worker says, if one runs. */
export default async function status(given: MinerArguments): Promise<void> {
  await withMiner(given, async (session) => {
    const { name, network, output } = session;
    const { chain } = session.storage;
    const account = addressOfKey(await keyOfMiner(session));
    const worker = await workerOf(session, given.id);
    const range = { from: network.fromBlock, to: await chain.head() };
    const minerId = worker?.minerId ?? (await findMinerId(chain, { account, beneficiary: account }, range)) ?? null;
    const earner = minerId === null ? undefined : (await ledgerIn(session, range)).miners.get(minerId);
    const beneficiary = earner?.beneficiary ?? account;
    const [balance, owed] = await Promise.all([
      chain.provider.getBalance(account),
      chain.reward.getFunction("payments")(beneficiary) as Promise<bigint>,
    ]);
    const [answers, earned] = [earner?.answers ?? 0, earner?.earned ?? 0n];
    output.say(
      drawTable([
        ["miner", name],
        ["id", minerId ?? "none yet: `npx hardhat miner register`"],
        ["account", `${account}  ${gwei(balance)} for gas`],
        ["pays", beneficiary],
        ["answers", integer(answers)],
        ["earned", `${gwei(earned)}, of which ${gwei(owed)} can be withdrawn`],
        ...workerRows(worker),
      ]),
    );
    output.result({
      ...{ miner: name, minerId, account, beneficiary, balance: String(balance) },
      ...{ answers, earned: String(earned), owed: String(owed), worker },
    });
  });
}

/** null: nothing runs where it would. */
async function workerOf({ data, name, network, storage }: MinerSession, id: number): Promise<Worker | null> {
  const port = (await knownPorts(data))[name];
  const url = network.miners[id] ?? (port === undefined ? undefined : `http://127.0.0.1:${port}`);
  if (url === undefined) return null;
  const options = { maxBytes: MAX_ANSWER, deadlineMs: DEADLINE_MS };
  return storage.client.json(`${url}/status`, Worker, options).catch(() => null);
}

async function ledgerIn({ storage }: MinerSession, range: { from: number; to: number }): Promise<Ledger> {
  const { chain } = storage;
  let ledger = EMPTY_LEDGER;
  const addresses = [chain.addresses.PoraMine, chain.addresses.ChunkLinearReward];
  for await (const { logs } of logsIn(chain, { ...range, addresses })) {
    const events = logs.flatMap((log) => chain.decode(log) ?? []);
    ledger = ledgerWith(ledger, events);
  }
  return ledger;
}

function workerRows(worker: Worker | null): [string, string][] {
  if (worker === null) return [["worker", "not running"]];
  const { shard, sealed, mining, trialsPerSecond, submitted } = worker;
  return [
    ["shard", `${shard.shardId} of ${shard.numShard}`],
    [
      "sealed",
      `${integer(sealed.loads)} of ${integer(sealed.total)} loads of 256 KiB (${bytes(sealed.loads * LOAD_BYTES)})`,
    ],
    ["mining", mining === null ? "waits for its window" : `epoch ${mining.epoch}, until block ${mining.last}`],
    ["trials", `${integer(trialsPerSecond)} a second`],
    ["submitted", integer(submitted)],
  ];
}
