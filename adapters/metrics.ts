/** Prometheus metrics of one party; a registry of its own, so that many parties fit into one process. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export interface Metrics {
  readonly registry: Registry;
  counter<L extends string>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  /** Seconds; buckets from 1 ms to about two minutes. */
  histogram<L extends string>(name: string, help: string, labels?: readonly L[]): Histogram<L>;
  text(): Promise<string>;
}

/** 1 ms · 2^k for k = 0…17: from a hash to a whole confirmation. */
const BUCKETS = Array.from({ length: 18 }, (_, k) => 0.001 * 2 ** k);

export const createMetrics = (party: string): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ party });
  const registers = [registry];
  const full = (name: string): string => `zg_${name}`;
  return {
    registry,
    counter: (name, help, labels = []) => new Counter({ name: full(name), help, labelNames: labels, registers }),
    gauge: (name, help, labels = []) => new Gauge({ name: full(name), help, labelNames: labels, registers }),
    histogram: (name, help, labels = []) =>
      new Histogram({ name: full(name), help, labelNames: labels, registers, buckets: BUCKETS }),
    text: () => registry.metrics(),
  };
};
