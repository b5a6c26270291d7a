import { type Anchor, anchorOf } from "./anchor.ts";
import { gainsOf, type Identities } from "./identities.ts";
import { NETWORKS, type Shares, sharesOf } from "./shares.ts";
import {
  type Hopping,
  hoppingOf,
  ours,
  type Recovery,
  type Rule,
  recoveryOf,
  type Steady,
  steadyOf,
  theirs,
} from "./shocks.ts";

export const RULES: Readonly<Record<"ours" | "theirs", Rule>> = { ours, theirs };
export type RuleName = keyof typeof RULES;

export interface Results {
  readonly anchors: readonly Anchor[];
  readonly shares: readonly Shares[];
  readonly identities: readonly Identities[];
  readonly recoveries: readonly (Recovery & { rule: RuleName; shock: number; wanted: number })[];
  readonly steady: readonly (Steady & { rule: RuleName; wanted: number })[];
  readonly hopping: readonly Hopping[];
}

export const SHOCKS = { up: 100, down: 1 / 100, outage: 1024 } as const;
const CURVE_EPOCHS = 61;

/** Each part by itself, so that a test can make one again. */
export const PARTS = {
  anchors: (): Results["anchors"] => [
    anchorOf("all of the log but a load", { numShard: 1, shardId: 0 }, [3], 400),
    anchorOf("every other load", { numShard: 2, shardId: 1 }, [], 400),
  ],
  shares: (): Results["shares"] => NETWORKS.map(sharesOf),
  identities: (): Results["identities"] => [
    gainsOf("a shard of the disk each", 1),
    gainsOf("one copy, sealed on demand", 1),
    gainsOf("one copy, sealed on demand", 4),
  ],
  recoveries: (): Results["recoveries"] =>
    [100, 10].flatMap((wanted) =>
      Object.values(SHOCKS).flatMap((shock) =>
        (["theirs", "ours"] as const).map((rule) => {
          return { rule, shock, wanted, ...recoveryOf(RULES[rule], shock, wanted, CURVE_EPOCHS) };
        }),
      ),
    ),
  steady: (): Results["steady"] =>
    [100, 10, 5].flatMap((wanted) =>
      (["theirs", "ours"] as const).map((rule) => ({ rule, wanted, ...steadyOf(RULES[rule], wanted) })),
    ),
  hopping: (): Results["hopping"] =>
    [0.5, 1, 4].flatMap((power) =>
      [
        [1, 1],
        [1, 10],
        [10, 10],
      ].map(([on = 0, off = 0]) => hoppingOf(ours, power, on, off, 100)),
    ),
} satisfies { [Part in keyof Results]: () => Results[Part] };

/** As it is committed: four digits of each number that is not whole. */
export function rendered(part: unknown): string {
  const round = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  return JSON.stringify(part, round, 1).replace(/\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g, (list) =>
    list.replace(/\s+/g, " "),
  );
}
