/** What a validator did and got, from the events of the DA contracts alone. */
import type { Chain, ChainEvent } from "../../adapters/chain.ts";
import { logsIn } from "../../adapters/logs.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isAudited } from "../../protocol/sampling.ts";

/** A time in a slot: the epochs from ≤ epoch < to in which it counted. */
interface Seat {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

/** A batch in whose epoch the validator counted. */
interface Confirmed {
  readonly block: number;
  readonly slot: number;
  readonly signed: boolean;
  readonly auditSeed: Hex;
}

export interface ValidatorRecord {
  readonly account: Hex;
  readonly seats: readonly Seat[];
  /** Epochs of the batches submitted so far. */
  readonly epochs: ReadonlyMap<string, number>;
  readonly confirmed: ReadonlyMap<string, Confirmed>;
  /** Batches whose audit of this validator is answered, and punished. */
  readonly answered: ReadonlySet<string>;
  readonly punished: ReadonlySet<string>;
  readonly claims: number;
  /** Wei of prizes. */
  readonly earned: bigint;
  /** Wei that slashes took. */
  readonly lost: bigint;
  /** Wei for reporting others. */
  readonly rewards: bigint;
}

export const newRecord = (account: Hex): ValidatorRecord => ({
  ...{ account, seats: [], epochs: new Map(), confirmed: new Map(), answered: new Set(), punished: new Set() },
  ...{ claims: 0, earned: 0n, lost: 0n, rewards: 0n },
});

/** Its record in a range of blocks, and how its audits stand at the end of it. */
export async function recordOf(
  chain: Pick<Chain, "addresses" | "decode" | "logs" | "sampling">,
  account: Hex,
  range: { readonly from: number; readonly to: number },
): Promise<{ readonly record: ValidatorRecord; readonly audits: Audits }> {
  const { auditBps, auditWindow, slashWindow } = await chain.sampling.getFunction("terms")();
  const rule = { auditBps: Number(auditBps), auditWindow: Number(auditWindow), slashWindow: Number(slashWindow) };
  const { DASigners, DAEntrance, DASampling } = chain.addresses;
  const filter = { ...range, addresses: [DASigners, DAEntrance, DASampling] };
  let record = newRecord(account);
  for await (const { logs } of logsIn(chain, filter)) {
    const events = logs.flatMap((log) => chain.decode(log) ?? []);
    record = recordWith(record, events);
  }
  return { record, audits: auditsOf(record, rule, range.to) };
}

/** The record after these events, which are in the order of the chain. Pure, as all that follows. */
export function recordWith(record: ValidatorRecord, events: Iterable<ChainEvent>): ValidatorRecord {
  const { account } = record;
  let { seats, claims, earned, lost, rewards } = record;
  const epochs = new Map(record.epochs);
  const confirmed = new Map(record.confirmed);
  const [answered, punished] = [new Set(record.answered), new Set(record.punished)];
  const isOwn = (address: unknown): boolean => String(address).toLowerCase() === account;
  const seatIn = (epoch: number) => seats.findLast(({ from, to }) => from <= epoch && epoch < to);

  for (const { contract, name, args, blockNumber: block } of events) {
    const batchId = String(args.batchId);
    const slot = Number(args.slot);
    switch (`${contract}.${name}`) {
      case "DASigners.Registered":
        if (isOwn(args.account)) seats = [...seats, { slot, from: Number(args.fromEpoch), to: Infinity }];
        break;
      case "DASigners.Left":
        if (isOwn(args.account)) {
          seats = seats.map((seat) => (seat.to === Infinity ? { ...seat, to: Number(args.fromEpoch) } : seat));
        }
        break;
      case "DASigners.Slashed":
        if (isOwn(args.account)) lost += args.amount as bigint;
        if (isOwn(args.reporter)) rewards += args.reward as bigint;
        break;
      case "DAEntrance.BatchSubmitted":
        epochs.set(batchId, Number(args.epoch));
        break;
      case "DAEntrance.BatchConfirmed": {
        const seat = seatIn(epochs.get(batchId) ?? -1);
        if (seat === undefined) break;
        const signed = (((args.absent as bigint) >> BigInt(seat.slot)) & 1n) === 0n;
        confirmed.set(batchId, { block, slot: seat.slot, signed, auditSeed: args.auditSeed as Hex });
        break;
      }
      case "DASampling.SampleClaimed":
        if (isOwn(args.account)) [claims, earned] = [claims + 1, earned + (args.paid as bigint)];
        break;
      case "DASampling.AuditAnswered":
        if (confirmed.get(batchId)?.slot === slot) answered.add(batchId);
        break;
      case "DASampling.SilenceSlashed":
        if (confirmed.get(batchId)?.slot === slot) punished.add(batchId);
        break;
    }
  }
  return { account, seats, epochs, confirmed, answered, punished, claims, earned, lost, rewards };
}

export interface AuditRule {
  readonly auditBps: number;
  readonly auditWindow: number;
  readonly slashWindow: number;
}

export interface Audits {
  readonly asked: number;
  readonly answered: number;
  /** Not answered, and not too late. */
  readonly open: number;
  /** Last block for the next of them. */
  readonly deadline: number | null;
  /** Not answered in time: anyone can have it slashed. */
  readonly silent: number;
  readonly punished: number;
}

/** How the audits stand at a block. */
export function auditsOf(record: ValidatorRecord, rule: AuditRule, head: number): Audits {
  const asked = [...record.confirmed].filter(
    ([, { signed, slot, auditSeed }]) => signed && isAudited(auditSeed, slot, rule.auditBps),
  );
  const unsettled = asked.filter(([batchId]) => !record.answered.has(batchId) && !record.punished.has(batchId));
  const deadlines = unsettled.map(([, { block }]) => block + rule.auditWindow);
  const open = deadlines.filter((deadline) => head < deadline);
  return {
    asked: asked.length,
    answered: record.answered.size,
    open: open.length,
    deadline: open.length === 0 ? null : Math.min(...open),
    silent: deadlines.filter((deadline) => deadline <= head && head < deadline + rule.slashWindow).length,
    punished: record.punished.size,
  };
}

/** Of the batches in whose epochs it counted, how many it signed. */
export function signaturesOf({ confirmed }: ValidatorRecord): { readonly signed: number; readonly absent: number } {
  const signed = [...confirmed.values()].filter((batch) => batch.signed).length;
  return { signed, absent: confirmed.size - signed };
}
