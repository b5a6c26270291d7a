/** Brings a wish's entries onto the chain: one transaction, written down before it is sent. */
import { Transaction, type Wallet } from "ethers";
import type { Chain } from "../../adapters/chain.ts";
import { crashpoint } from "../../adapters/crashpoint.ts";
import { messageOf } from "../../adapters/errors.ts";
import type { Log } from "../../adapters/log.ts";
import { FEE_POLICY, type Fees, feesFor, gasLimit } from "../../adapters/outbox-fees.ts";
import { pause } from "../../adapters/pause.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decideIntent, type IntentFacts } from "./decide.ts";
import { type FoundPlaces, findIn, merged } from "./find.ts";
import {
  type Intent,
  type IntentFile,
  type Mined,
  type Place,
  type Planned,
  replanned,
  type Signed,
  type SignedTx,
  sectorsOf,
  withEntries,
  withTx,
} from "./intent.ts";
import type { IntentStore } from "./store.ts";

export interface SubmitDeps {
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly store: IntentStore;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  /** Told when there is a transaction to wait for. */
  readonly onSent?: (hash: Hex) => void;
}

/**
 * Follows one intent until all its files have entries. Runs while the account's lock is held: nobody else of this
 * folder signs for it meanwhile.
 *
 * @param found entries that are there before anything is done
 */
export const settle = async (deps: SubmitDeps, given: Intent, found: FoundPlaces): Promise<Mined> =>
  (await follow(deps, given, found, true)) as Mined;

/** Follows what was signed until it is mined, or can not be any more: nothing else is paid for. */
export const settleSigned = async (deps: SubmitDeps, given: Signed): Promise<void> => {
  await follow(
    deps,
    given,
    given.files.map(() => undefined),
    false,
  );
};

/** @returns mined; planned, where it was lost and no other is to be signed */
const follow = async (deps: SubmitDeps, given: Intent, found: FoundPlaces, anew: boolean): Promise<Mined | Planned> => {
  const { chain, store, log, signal, pollMs, onSent } = deps;
  let intent = given;
  let places = found;
  let sent: { first: number; last: number } | undefined;
  let missing = 0;
  for (;;) {
    signal.throwIfAborted();
    const facts = await factsOf(chain, intent, sent, missing);
    const receipt = facts.slot?.receipt;
    if (receipt?.status === 1) places = merged(places, await findIn(chain, intent, receipt.blockHash, signal));
    const action = decideIntent({ ...facts, missing: places.filter((place) => place === undefined).length });
    log.debug({ id: intent.id, state: intent.state, action: action.do }, "upload");
    switch (action.do) {
      case "settled": {
        crashpoint("upload-mined");
        const mined = withEntries(intent, places as Place[]);
        await store.put(mined);
        return mined;
      }
      case "sign":
      case "replace": {
        if (action.do === "sign" && !anew) return replanned(intent);
        const tx = await sign(deps, intent, places, action.do === "replace" ? action.fees : undefined);
        crashpoint("upload-signed");
        intent = withTx(intent.state === "signed" ? intent : replanned(intent), tx);
        await store.put(intent);
        crashpoint("upload-written");
        sent = undefined;
        break;
      }
      case "send": {
        const last = (intent as Signed).txs.at(-1) as SignedTx;
        const { head } = facts;
        await chain.send(last.raw).catch((error: unknown) => {
          const named = chain.errorOf(error);
          if (named.code === "InsufficientFunds") throw named;
          // "already known", "nonce too low": the receipt decides, not this answer.
          log.debug({ error: messageOf(error) }, "send answered");
        });
        crashpoint("upload-sent");
        onSent?.(last.hash);
        sent = { first: sent?.first ?? head, last: head };
        break;
      }
      case "forget":
        intent = replanned(intent);
        await store.put(intent);
        [sent, missing] = [undefined, 0];
        break;
      case "reverted":
        throw new ZgError("ChainReverted", { transaction: action.hash, why: "run again when the block is final" });
      case "suspect":
        missing += 1;
        await pause(pollMs, signal);
        break;
      case "wait":
        missing = 0;
        await pause(pollMs, signal);
        break;
    }
  }
};

type Facts = Omit<IntentFacts, "missing"> & { readonly head: number };

const factsOf = async (
  chain: Chain,
  intent: Intent,
  sent: { first: number; last: number } | undefined,
  missing: number,
): Promise<Facts> => {
  const latest = await chain.header("latest");
  if (latest === null) throw new ZgError("BadResponse", { what: "chain", why: "no head" });
  const head = latest.number;
  const [first] = intent.state === "signed" ? intent.txs : [];
  if (intent.state !== "signed" || first === undefined) return { head, slot: undefined };
  const { nonce } = first;
  const finalized = await chain.finalized();
  const minedNonce = await chain.nonce(intent.signer, "latest");
  const receipts = await Promise.all(intent.txs.map(({ hash }) => chain.receipt(hash)));
  return {
    head,
    slot: {
      ...{ nonce, head, finalized, minedNonce, missing },
      txs: intent.txs.map(({ hash, maxFee, tip }) => ({
        hash,
        maxFee: BigInt(maxFee),
        tip: BigInt(tip),
        filler: false,
      })),
      sentAt: sent?.last,
      firstSentAt: sent?.first,
      receipt: receipts.find((receipt) => receipt !== null) ?? undefined,
      finalNonce: await chain.nonce(intent.signer, finalized),
      lowerOpen: minedNonce < nonce,
      fees: await marketOf(chain, latest.baseFeePerGas),
    },
  };
};

const marketOf = async (chain: Chain, base = 0n): Promise<Fees> =>
  feesFor(base, await chain.priorityFee().catch(() => 0n), FEE_POLICY);

/** A replacement is the same call at the same nonce; anything else is made from how the chain is now. */
const sign = async (
  { chain, wallet }: SubmitDeps,
  intent: Intent,
  places: FoundPlaces,
  fees: Fees | undefined,
): Promise<SignedTx> => {
  const old = intent.state === "signed" ? intent.txs.at(-1) : undefined;
  const call =
    old === undefined
      ? await callFor(
          chain,
          intent,
          intent.files.filter((_, index) => places[index] === undefined),
        )
      : callOf(old);
  const { maxFee, tip } = fees ?? (await marketOf(chain, (await chain.header("latest"))?.baseFeePerGas));
  // Not every node looks at the balance when it estimates; what could not be paid for is not signed.
  const [needed, balance] = [call.value + call.gas * maxFee, await chain.provider.getBalance(intent.signer)];
  if (balance < needed)
    throw new ZgError("InsufficientFunds", { account: intent.signer, ...decimals(needed, balance) });
  const raw = (await wallet.signTransaction({
    ...{ type: 2, chainId: chain.chainId, to: chain.addresses.Flow, nonce: call.nonce },
    ...{ data: call.data, value: call.value, gasLimit: call.gas, maxFeePerGas: maxFee, maxPriorityFeePerGas: tip },
  })) as Hex;
  return {
    ...{ raw, hash: Transaction.from(raw).hash as Hex, nonce: call.nonce, sectors: call.sectors },
    ...{ maxFee: String(maxFee), tip: String(tip), gas: String(call.gas), value: String(call.value) },
  };
};

const decimals = (needed: bigint, balance: bigint) => ({ needed: String(needed), balance: String(balance) });

interface Call {
  readonly nonce: number;
  readonly data: string;
  readonly value: bigint;
  readonly gas: bigint;
  readonly sectors: number;
}

const callOf = ({ raw, nonce, gas, value, sectors }: SignedTx): Call => ({
  ...{ nonce, gas: BigInt(gas), value: BigInt(value), sectors, data: Transaction.from(raw).data },
});

const callFor = async (chain: Chain, { signer, tags }: Intent, files: readonly IntentFile[]): Promise<Call> => {
  const submissions = files.map(({ length, nodes }) => ({ data: { length, tags, nodes }, submitter: signer }));
  const single = submissions.length === 1;
  const { interface: abi } = chain.flow;
  const data = single
    ? abi.encodeFunctionData("submit", submissions)
    : abi.encodeFunctionData("batchSubmit", [submissions]);
  const sectors = files.reduce((sum, file) => sum + sectorsOf(file), 0);
  // The most that it can cost in the next blocks, whatever price was announced: the surplus comes back.
  const value = BigInt(await chain.market.quote(sectors));
  const gas = gasLimit(await chain.estimate({ from: signer, to: chain.addresses.Flow, data, value }));
  return { nonce: await chain.nonce(signer, "pending"), data, value, gas, sectors };
};
