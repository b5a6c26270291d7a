import { expect } from "chai";
import type { ChainEvent } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { isAudited } from "../../protocol/sampling.ts";
import { auditsOf, newRecord, recordWith, signaturesOf } from "../../tasks/lib/validatorRecord.ts";
import { id } from "./views.ts";

const OWN = id("c3", 20);
const OTHER = id("b2", 20);
const RULE = { auditBps: 1_250, auditWindow: 100, slashWindow: 50 };
const CHECKSUMMED = `0x${"C3".repeat(20)}`;

/** Seeds that ask slot 3, and such as do not. */
const seeds = (asked: boolean, count: number): Hex[] =>
  Array.from({ length: 1_000 }, (_, i) => id(i.toString(16).padStart(4, "0"), 16))
    .filter((seed) => isAudited(seed, 3, RULE.auditBps) === asked)
    .slice(0, count);

const event = (
  contract: ChainEvent["contract"],
  name: string,
  args: Record<string, unknown>,
  block = 1,
): ChainEvent => ({
  ...{ contract, name, args, blockNumber: block, address: OTHER, blockHash: id("0b") },
  ...{ transactionHash: id("0c"), transactionIndex: 0, logIndex: 0 },
});
const registered = (slot: number, fromEpoch: number, account: string = OWN) =>
  event("DASigners", "Registered", { slot: BigInt(slot), account, fromEpoch: BigInt(fromEpoch) });
const left = (slot: number, fromEpoch: number, account: string = OWN) =>
  event("DASigners", "Left", { slot: BigInt(slot), account, fromEpoch: BigInt(fromEpoch) });
const batch = (batchId: Hex, epoch: number, block: number, absent: bigint, auditSeed: Hex): ChainEvent[] => [
  event("DAEntrance", "BatchSubmitted", { batchId, epoch: BigInt(epoch) }, block - 2),
  event("DAEntrance", "BatchConfirmed", { batchId, absent, auditSeed }, block),
];

describe("what a validator did, by the chain's events", () => {
  const [asked = "0x", again = "0x", third = "0x"] = seeds(true, 3);
  const [spared = "0x"] = seeds(false, 1);

  it("are the signatures of the epochs in which it counted, in whatever slot", () => {
    const record = recordWith(newRecord(OWN), [
      registered(3, 2),
      registered(4, 2, OTHER),
      ...batch(id("01"), 1, 10, 0n, spared),
      ...batch(id("02"), 2, 20, 0n, spared),
      ...batch(id("03"), 3, 30, 1n << 3n, spared),
      // Somebody else's absence is not its own.
      ...batch(id("04"), 3, 40, 1n << 4n, spared),
      left(3, 5),
      ...batch(id("05"), 4, 50, 0n, spared),
      ...batch(id("06"), 5, 60, 0n, spared),
      registered(7, 8, CHECKSUMMED),
      ...batch(id("07"), 8, 70, 1n << 7n, spared),
      ...batch(id("08"), 8, 80, 1n << 3n, spared),
    ]);
    expect([...record.confirmed.keys()]).to.deep.equal(["02", "03", "04", "05", "07", "08"].map((byte) => id(byte)));
    expect(signaturesOf(record)).to.deep.equal({ signed: 4, absent: 2 });
  });

  it("are the same in one piece and event by event", () => {
    const events = [registered(3, 2), ...batch(id("02"), 2, 20, 0n, asked), left(3, 5)];
    const piecemeal = events.reduce((record, one) => recordWith(record, [one]), newRecord(OWN));
    expect(piecemeal).to.deep.equal(recordWith(newRecord(OWN), events));
  });

  it("are audits that were answered, are open, were missed, and were punished", () => {
    const record = recordWith(newRecord(OWN), [
      registered(3, 0),
      ...batch(id("01"), 0, 1_000, 0n, asked),
      ...batch(id("02"), 0, 1_010, 0n, again),
      ...batch(id("03"), 0, 1_020, 0n, third),
      // Not asked; asked and absent.
      ...batch(id("04"), 0, 1_030, 0n, spared),
      ...batch(id("05"), 0, 1_040, 1n << 3n, asked),
      event("DASampling", "AuditAnswered", { batchId: id("01"), slot: 3n }),
      // Another slot's answer settles nothing of ours.
      event("DASampling", "AuditAnswered", { batchId: id("02"), slot: 4n }),
    ]);
    const none = { asked: 3, answered: 1, open: 0, deadline: null, silent: 0, punished: 0 };
    expect(auditsOf(record, RULE, 1_050)).to.deep.equal({ ...none, open: 2, deadline: 1_110 });
    // In its last block an answer counts, but the next block is past it.
    expect(auditsOf(record, RULE, 1_109)).to.deep.equal({ ...none, open: 2, deadline: 1_110 });
    expect(auditsOf(record, RULE, 1_110)).to.deep.equal({ ...none, open: 1, deadline: 1_120, silent: 1 });
    expect(auditsOf(record, RULE, 1_159)).to.deep.equal({ ...none, silent: 2 });
    expect(auditsOf(record, RULE, 1_160)).to.deep.equal({ ...none, silent: 1 });
    expect(auditsOf(record, RULE, 1_170)).to.deep.equal(none);
    const slashed = recordWith(record, [event("DASampling", "SilenceSlashed", { batchId: id("02"), slot: 3n })]);
    expect(auditsOf(slashed, RULE, 1_159)).to.deep.equal({ ...none, silent: 1, punished: 1 });
  });

  it("are prizes, penalties and rewards, of its own account alone", () => {
    const claim = (account: string, paid: bigint) => event("DASampling", "SampleClaimed", { account, paid });
    const slash = (account: string, reporter: string) =>
      event("DASigners", "Slashed", { account, reporter, amount: 100n, reward: 10n });
    const record = recordWith(newRecord(OWN), [
      ...[claim(OWN, 5n), claim(CHECKSUMMED, 6n), claim(OTHER, 7n)],
      ...[slash(OWN, OTHER), slash(OTHER, OWN), slash(OTHER, OTHER)],
      // The same name in another contract is another event.
      event("DAEntrance", "Slashed", { account: OWN, amount: 1_000n }),
    ]);
    expect(record).to.deep.include({ claims: 2, earned: 11n, lost: 100n, rewards: 10n });
  });
});
