/** `GET /status`: who this validator is, what it is doing, and which nodes failed it. */
import type { Chain } from "../../adapters/chain.ts";
import type { Follower, Head } from "../../adapters/follow.ts";
import type { NetworkJson } from "../../adapters/network.ts";
import type { Queues } from "../../adapters/queue.ts";
import type { Hex } from "../../protocol/hex.ts";
import type { PartyWallet } from "../wallet.ts";
import type { Calls } from "./calls.ts";
import { countOf } from "./gauges.ts";
import type { Ledger } from "./ledger.ts";
import type { Nodes } from "./nodes.ts";
import type { Windows } from "./record.ts";
import type { Progress } from "./sample.ts";
import type { SlotIn } from "./signer.ts";
import type { Traffic } from "./traffic.ts";

export interface StateDeps {
  readonly name: string;
  readonly account: Hex;
  readonly publicKey: Hex;
  readonly network: NetworkJson;
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly nodes: Pick<Nodes, "faults">;
  readonly progress: Progress;
  readonly terms: Windows;
  readonly calls: Pick<Calls, "lease" | "credit">;
  readonly wallet: Pick<PartyWallet, "open">;
  readonly traffic: Traffic;
  readonly slotIn: SlotIn;
  readonly signers: Chain["signers"];
  readonly position: Follower["position"];
  readonly head: () => Pick<Head, "latest" | "finalized">;
  readonly samples: number;
}

export const createState = (deps: StateDeps) => {
  const { ledger, network, queues } = deps;
  /** null: no stake in the running epoch, or the chain does not answer. */
  const slot = async (): Promise<number | null> => {
    try {
      return await deps.slotIn(Number(await deps.signers.getFunction("currentEpoch").staticCall()));
    } catch {
      return null;
    }
  };
  return async (): Promise<Record<string, unknown>> => {
    const { batches, duties } = countOf(ledger, deps.terms, deps.head());
    return {
      worker: "validator",
      name: deps.name,
      account: deps.account,
      publicKey: deps.publicKey,
      slot: await slot(),
      chainId: network.chainId,
      entrance: network.contracts.DAEntrance,
      head: deps.head(),
      position: deps.position() ?? null,
      samples: deps.samples,
      batches,
      /** Batches about which something is still to be done, or to be looked at, on chain. */
      duties,
      /** Last epoch in which nobody can take it out of its slot; null: it has none. */
      leaseEnd: (await deps.calls.lease(deps.account).catch(() => null))?.leaseEnd ?? null,
      /** Wei earned and not withdrawn. */
      credit: await deps.calls.credit(deps.account).then(String, () => null),
      transactions: deps.wallet.open(),
      waiting: Object.fromEntries([...deps.progress].map(([batchId, { why, who }]) => [batchId, { why, who }])),
      nodes: deps.nodes.faults(),
      /** Bytes on the wire for each of the last batches. */
      traffic: deps.traffic.all(),
      queues: await queues.counts().catch(() => null),
      failures: await queues.failureCounts().catch(() => null),
    };
  };
};
