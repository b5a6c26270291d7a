import { type Hex, normalHex } from "../../protocol/hex.ts";
import { gwei } from "../lib/format.ts";
import { keyOfMiner, type MinerArguments, withMiner } from "../lib/minerTask.ts";
import { addressOfKey } from "../lib/party.ts";
import { perform } from "../lib/perform.ts";

interface WithdrawArguments extends MinerArguments {
  readonly to?: string;
}

/** Sends what a miner's account has earned and not been sent yet to that account, or to another one. */
export default async function withdraw(given: WithdrawArguments): Promise<void> {
  await withMiner(given, async (session) => {
    const { name, data, output, interrupt } = session;
    const { chain, log } = session.storage;
    const key = await keyOfMiner(session);
    const account = addressOfKey(key);
    const to = given.to === undefined ? account : normalHex(given.to, 20);
    const owed: bigint = await chain.reward.getFunction("payments")(account);
    if (owed === 0n) {
      output.say(`Nothing to withdraw: what ${name} earned so far is in its account ${account} already.`);
      output.result({ miner: name, account, to, amount: "0", hash: null, block: null });
      return;
    }
    const outcome = await perform({
      ...{ data, party: name, key, chain, log, signal: interrupt.signal },
      intent: {
        // A second withdrawal is one of its own, also of the same amount.
        id: `withdraw-${to}-${await chain.head()}`,
        kind: "withdraw",
        to: normalHex(chain.addresses.ChunkLinearReward, 20),
        data: chain.reward.interface.encodeFunctionData("withdraw", [to]) as Hex,
        value: "0",
      },
    });
    const sent = await sentIn(outcome.hash);
    output.say(`Sent ${gwei(sent)} to ${to} (block ${outcome.block}, transaction ${outcome.hash}).`);
    output.result({
      miner: name,
      account,
      to,
      amount: String(sent),
      hash: outcome.hash ?? null,
      block: outcome.block ?? null,
    });

    /** A hit may have come in between: what counts is what the contract says it sent. */
    async function sentIn(hash: Hex | undefined): Promise<bigint> {
      const receipt = hash === undefined ? null : await chain.provider.getTransactionReceipt(hash);
      const events = receipt?.logs.map((entry) => chain.reward.interface.parseLog(entry)) ?? [];
      return events.find((event) => event?.name === "Withdrawn")?.args.amount ?? owed;
    }
  });
}
