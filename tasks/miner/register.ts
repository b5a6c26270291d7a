import { createCalls } from "../../workers/miner/calls.ts";
import { findMinerId, SEED } from "../../workers/miner/identity.ts";
import { fundedMiner, type MinerArguments, withMiner } from "../lib/minerTask.ts";
import { addressOfKey } from "../lib/party.ts";
import { perform } from "../lib/perform.ts";
import { drawTable } from "../lib/table.ts";

/** Makes a miner's key, funds it and requests its id; what is there already is not done again. */
export default async function register(given: MinerArguments): Promise<void> {
  await withMiner(given, async (session) => {
    const { name, data, network, output, interrupt } = session;
    const { chain, log } = session.storage;
    const key = await fundedMiner(session);
    const account = addressOfKey(key);
    const find = async () =>
      findMinerId(chain, { account, beneficiary: account }, { from: network.fromBlock, to: await chain.head() });
    let minerId = await find();
    const known = minerId !== undefined;
    if (minerId === undefined) {
      const intent = createCalls(chain).requestId(account, SEED);
      await perform({ data, party: name, key, chain, log, intent, signal: interrupt.signal });
      minerId = await find();
    }
    output.say(
      drawTable([
        ["miner", name],
        ["id", minerId ?? "–"],
        ["account", account],
      ]),
    );
    output.say(known ? "Registered before." : "Registered. It may seal when the id is final.");
    output.result({ miner: name, minerId: minerId ?? null, account, known });
  });
}
