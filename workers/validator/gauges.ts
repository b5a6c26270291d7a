/** What an operator sets alarms on: batches by outcome, and what is still to be done on chain. */
import type { Metrics } from "../../adapters/metrics.ts";
import type { Ledger } from "./ledger.ts";
import { dutiesOf, mustSample, type Windows } from "./record.ts";

interface Position {
  readonly latest: number;
  readonly finalized: number;
}

export const countOf = (ledger: Pick<Ledger, "all">, windows: Windows, head: Position) => {
  const batches = { signed: 0, refused: 0, sampling: 0 };
  const duties = { audit: 0, lottery: 0, accuse: 0 };
  for (const record of ledger.all()) {
    for (const duty of dutiesOf(record, windows, head)) duties[duty] += 1;
    if (record.outcome !== null) batches[record.outcome.kind] += 1;
    else if (mustSample(record)) batches.sampling += 1;
  }
  return { batches, duties };
};

/** Sets the gauges to what the records say now. */
export const createGauges = (metrics: Metrics) => {
  const batches = metrics.gauge("batches", "Batches on record, by outcome", ["outcome"]);
  const duties = metrics.gauge("duties", "Batches about which something is still to be done on chain", ["duty"]);
  return (...of: Parameters<typeof countOf>): void => {
    const counts = countOf(...of);
    for (const [outcome, count] of Object.entries(counts.batches)) batches.set({ outcome }, count);
    for (const [duty, count] of Object.entries(counts.duties)) duties.set({ duty }, count);
  };
};
