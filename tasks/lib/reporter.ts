/** Who accuses and challenges from this folder: a key of its own, funded like other parties', whose rewards go to its account. */
import type { Contract } from "ethers";
import type { Chain } from "../../adapters/chain.ts";
import { plain } from "../../adapters/chain-events.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { dataFolder, runningNetwork } from "./folder.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { type Output, runTask } from "./output.ts";
import { addressOfKey, fundAccount, ownKeys } from "./party.ts";
import { perform } from "./perform.ts";
import { openReader, type Reader } from "./reader.ts";
import { openStorage } from "./storage.ts";

export interface ReporterArguments {
  readonly data?: string;
  readonly json: boolean;
}

/** A transaction that is in a block, with the events of our contracts in it. */
export interface Sent {
  readonly hash: Hex;
  readonly block: number;
  readonly gas: number;
  readonly events: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];
}

export interface ReporterSession {
  readonly network: NetworkJson;
  readonly chain: Chain;
  readonly reader: Reader;
  readonly output: Output;
  readonly interrupt: Interrupt;
  /** Makes the key and funds it, when something is to be paid for. @param due wei beside gas */
  reporter(due?: bigint): Promise<Reporter>;
}

export interface Reporter {
  readonly account: Hex;
  /** @param id equal ids are one transaction, also after a crash or another run */
  send(id: string, contract: Contract, method: string, args: readonly unknown[], value?: bigint): Promise<Sent>;
  /** Of the key, as mined: names what is meant to happen again. */
  nonce(): Promise<number>;
  /** Takes out what DAEntrance and DAChallenge owe it; wei that were sent. */
  withdraw(): Promise<bigint>;
}

const PARTY = "reporter";

export async function withReporter(
  given: ReporterArguments,
  work: (session: ReporterSession) => Promise<void>,
): Promise<void> {
  await runTask(given.json, async (output) => {
    const data = dataFolder(given.data);
    const network = await runningNetwork(given.data);
    const storage = await openStorage(network);
    const interrupt = onInterrupt();
    let reader: Reader | undefined;
    try {
      reader = await openReader(network);
      const { chain, log } = storage;
      const reporter = async (due = 0n): Promise<Reporter> => {
        const party = { name: PARTY, data, network, storage, output, interrupt };
        const { wallet: key } = await ownKeys(party);
        const account = addressOfKey(key);
        await fundAccount(party, account, due);
        return createReporter(chain, account, (intent) =>
          perform({ data, party: PARTY, key, chain, log, intent, signal: interrupt.signal }),
        );
      };
      await work({ network, chain, reader, output, interrupt, reporter });
    } finally {
      await reader?.close();
      await storage.close();
      interrupt.end();
    }
  });
}

type Perform = (intent: Parameters<typeof perform>[0]["intent"]) => ReturnType<typeof perform>;

function createReporter(chain: Chain, account: Hex, act: Perform): Reporter {
  const { entrance, challenges } = chain;
  const send: Reporter["send"] = async (id, contract, method, args, value = 0n) => {
    const to = normalHex(String(contract.target), 20);
    const data = contract.interface.encodeFunctionData(method, args) as Hex;
    // What the contract refuses costs nothing this way, and is called by the contract's own name.
    await chain.estimate({ from: account, to, data, value });
    const { hash } = await act({ id, kind: method, to, data, value: String(value) });
    const receipt = hash === undefined ? null : await chain.provider.getTransactionReceipt(hash);
    if (receipt === null) throw new ZgError("BadResponse", { what: "receipt", hash: hash ?? "" });
    const events = receipt.logs.flatMap((log) => {
      const of = [entrance, challenges].find(
        ({ target }) => String(target).toLowerCase() === log.address.toLowerCase(),
      );
      const event = of?.interface.parseLog(log);
      return event ? [{ name: event.name, args: plain(event.args) as Record<string, unknown> }] : [];
    });
    return { hash: receipt.hash as Hex, block: receipt.blockNumber, gas: Number(receipt.gasUsed), events };
  };
  const nonce = () => chain.nonce(account, "latest");
  return {
    account,
    send,
    nonce,
    withdraw: async () => {
      let sent = 0n;
      for (const contract of [entrance, challenges]) {
        const owed: bigint = await contract.getFunction("credit")(account);
        if (owed === 0n) continue;
        const { events } = await send(`withdraw-${await nonce()}`, contract, "withdraw", [account]);
        sent += BigInt(String(events.find(({ name }) => name === "Withdrawn")?.args.amount ?? 0));
      }
      return sent;
    },
  };
}
