import { expect } from "chai";
import type { Compute } from "../../../adapters/compute.ts";
import { silentLog } from "../../../adapters/log.ts";
import type { Intent } from "../../../adapters/outbox.ts";
import { parseFrame } from "../../../protocol/column.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { type Hex, toHex } from "../../../protocol/hex.ts";
import { keccakText } from "../../../protocol/keccak.ts";
import { isWinning, ticketQuality } from "../../../protocol/lottery.ts";
import { checkRowsCell } from "../../../protocol/rowsProof.ts";
import { auditedCell, isAudited, ticketCells } from "../../../protocol/sampling.ts";
import { cellRootsOf } from "../../../protocol/tree.ts";
import type { Attested, Calls, Member, Shown, Stakes } from "../../../workers/validator/calls.ts";
import { accuseSilent, answerAudit, claimTickets, type DutyDeps } from "../../../workers/validator/duties.ts";
import type { Certified } from "../../../workers/validator/record.ts";
import { sharedCompute } from "../../protocol/pool.ts";
import { honest } from "../batches.ts";
import { confirmedEvent } from "../fake-chain.ts";
import type { Stored } from "../stored.ts";
import { A, ACCOUNT, key, openValidator, type TestValidator, WINDOWS } from "./validator.ts";

const AUDIT_BPS = 1_250;
const SAMPLES = 6;
const OWN = 0;
const TERMS = {
  ...{ ...WINDOWS, samples: SAMPLES, auditBps: AUDIT_BPS, leaseEpochs: 100 },
  ...{ slashBps: 1_000n, reporterBps: 5_000n },
};
const signal = new AbortController().signal;

/** The first seed under which these slots, and of them only these, are asked. */
const seedThatAsks = (asked: readonly number[], notAsked: readonly number[] = []): Hex => {
  for (let i = 0; ; i++) {
    const seed = toHex(keccakText(`audit ${i}`));
    const asks = (slot: number): boolean => isAudited(seed, slot, AUDIT_BPS);
    if (asked.every(asks) && !notAsked.some(asks)) return seed;
  }
};

describe("a validator whose batch is confirmed", function () {
  this.timeout(60_000);
  let compute: Compute;
  let good: Stored;
  let validator: TestValidator;
  let block: number;
  const batchId = () => good.batch.facts.batchId;

  before(async () => {
    compute = await sharedCompute();
    good = await honest();
  });
  afterEach(() => validator.close());

  /** Signs, then the batch is confirmed with this seed for audits and these slots absent. */
  const certified = async (auditSeed: Hex, absent = 0n): Promise<Certified> => {
    validator = await openValidator({ compute, batches: [good], behaviours: { [A]: {} } });
    await validator.submit(good);
    while (validator.ledger.find(batchId())?.outcome?.kind !== "signed") await validator.round(good);
    await confirm(auditSeed, absent);
    return validator.ledger.find(batchId()) as Certified;
  };
  const confirm = async (auditSeed: Hex, absent = 0n): Promise<void> => {
    const { name, args } = confirmedEvent(good.batch, 1, `0x${"5e".repeat(32)}`);
    block = validator.fake.mine({ name, args: { ...args, auditSeed, absent } });
    await validator.follow();
  };

  interface Sent {
    readonly kind: string;
    readonly args: readonly unknown[];
  }
  interface World {
    settled?: bigint;
    paid?: bigint;
    members?: readonly Member[];
    stakes?: Stakes["bet"];
    pool?: bigint;
    cost?: bigint | ZgError;
    latest?: number;
    leastGain?: number;
  }
  const setup = (world: World = {}) => {
    const sent: Sent[] = [];
    const planned: Intent[] = [];
    const intent = (kind: string, ...args: unknown[]): Intent => {
      sent.push({ kind, args });
      return { id: `${kind}-${sent.length}`, kind, to: ACCOUNT, data: "0x", value: "0" };
    };
    const calls = {
      findKey: async () => ({ slot: OWN, hint: 3 }),
      settled: async () => world.settled ?? 0n,
      paidTickets: async () => world.paid ?? 0n,
      membersAt: async () => world.members ?? [],
      stakes: async () => ({ bet: world.stakes ?? everyTicketWins, setHint: 1, roundHint: 2 }),
      pool: async () => world.pool ?? 10n ** 18n,
      cost: async () => {
        if (world.cost instanceof ZgError) throw world.cost;
        return world.cost ?? 1n;
      },
      answer: (attested: Attested, shown: Shown) => intent("audit", attested, shown),
      claim: (attested: Attested, ticket: object, shown: Shown) => intent("ticket", attested, ticket, shown),
      slash: (id: Hex, certificate: object, member: object) => intent("accuse", id, certificate, member),
    } as unknown as Calls;
    const deps: DutyDeps = {
      ...{ ledger: validator.ledger, nodes: validator.nodes, compute, calls, terms: TERMS, log: silentLog },
      wallet: {
        address: ACCOUNT,
        plan: async (one) => {
          planned.push(one);
          return { nonce: planned.length };
        },
      },
      publicKey: key.publicKey,
      leastGain: world.leastGain ?? 1,
      head: () => ({ latest: world.latest ?? block + 1, finalized: block }),
    };
    return { deps, sent, planned };
  };
  /** A chance of one: the whole stake, a fee of four prizes, four samples. */
  const everyTicketWins = { fee: 4_000n, stake: 1n, totalStake: 1n, samples: 4n, prize: 1_000n };
  const open = (duty: "audit" | "lottery" | "accuse") => validator.ledger.find(batchId())?.confirmed?.open[duty];

  const argsOf = ([first]: readonly Sent[]): readonly unknown[] => {
    if (first === undefined) throw new Error("nothing was sent");
    return first.args;
  };

  /** What the contract checks of a shown cell. */
  const holds = ({ cell, proof }: Shown, row: number, column: number): void =>
    checkRowsCell(cellRootsOf(cell), row, column, good.batch.facts, proof);

  it("shows the audited cell of its own samples, whatever it costs, until the chain has it (A18)", async () => {
    const { outcome } = await certified(seedThatAsks([OWN]));
    const world = { cost: 10n ** 30n, settled: 0n };
    const { deps, sent, planned } = setup(world);
    expect(await answerAudit(deps, batchId(), signal)).to.be.a("number");
    expect(planned).to.have.length(1);
    const [attested, shown] = argsOf(sent) as [Attested, Shown];
    const place = auditedCell(
      attested.certificate.auditSeed,
      OWN,
      outcome.signature,
      SAMPLES,
      good.batch.facts.rowCount,
    );
    expect(outcome.columns.slice(0, SAMPLES)).to.include(place.column);
    holds(shown, place.row, place.column);
    expect(attested).to.include({ batchId: batchId(), slot: OWN, slotHint: 3 });
    world.settled = 1n;
    expect(await answerAudit(deps, batchId(), signal)).to.equal(undefined);
    expect(open("audit")).to.equal(false);
    expect(planned).to.have.length(1);
  });

  it("fetches again what its disk forgot, because silence costs stake", async () => {
    const { outcome } = await certified(seedThatAsks([OWN]));
    await validator.ledger.store.write((tx) => {
      for (const column of outcome.columns) tx.delete("samples", `${batchId()}/${String(column).padStart(3, "0")}`);
      tx.delete("metadata", batchId());
    });
    const { deps, sent, planned } = setup();
    await answerAudit(deps, batchId(), signal);
    expect(planned).to.have.length(1);
    const [attested, shown] = argsOf(sent) as [Attested, Shown];
    const place = auditedCell(
      attested.certificate.auditSeed,
      OWN,
      outcome.signature,
      SAMPLES,
      good.batch.facts.rowCount,
    );
    holds(shown, place.row, place.column);
  });

  it("says nothing when it is not asked, was counted absent, or the window is over", async () => {
    await certified(seedThatAsks([], [OWN]));
    const one = setup();
    expect(await answerAudit(one.deps, batchId(), signal)).to.equal(undefined);
    expect([open("audit"), one.planned]).to.deep.equal([false, []]);
    await validator.close();

    await certified(seedThatAsks([OWN]), 1n);
    const two = setup();
    await answerAudit(two.deps, batchId(), signal);
    expect([open("audit"), two.planned]).to.deep.equal([false, []]);
    await validator.close();

    await certified(seedThatAsks([OWN]));
    const three = setup({ latest: block + WINDOWS.auditWindow });
    await answerAudit(three.deps, batchId(), signal);
    expect([open("audit"), three.planned]).to.deep.equal([false, []]);
  });

  it("answers the audit of another confirmation after a reorg, not that of the old one (A46)", async () => {
    await certified(seedThatAsks([OWN]));
    const { deps, sent } = setup({ settled: 1n });
    await answerAudit(deps, batchId(), signal);
    expect(open("audit")).to.equal(false);
    await validator.reorg(block - 1);
    expect(validator.ledger.find(batchId())?.confirmed).to.equal(null);
    const again = seedThatAsks([OWN], [1]);
    await confirm(again);
    expect(open("audit")).to.equal(true);
    await answerAudit(setup().deps, batchId(), signal);
    const other = setup();
    await answerAudit(other.deps, batchId(), signal);
    expect((argsOf(other.sent)[0] as Attested).certificate.auditSeed).to.equal(again);
    expect(sent).to.deep.equal([]);
  });

  it("claims every ticket that wins, with the cell it is about", async () => {
    const { outcome } = await certified(seedThatAsks([], [OWN]));
    const { deps, sent } = setup();
    expect(await claimTickets(deps, batchId(), signal)).to.be.a("number");
    const { rowCount } = good.batch.facts;
    const cells = ticketCells(outcome.signature, SAMPLES, rowCount);
    expect(sent).to.have.length(SAMPLES);
    for (const { args } of sent) {
      const [, ticket, shown] = args as [Attested, { index: number; setHint: number; roundHint: number }, Shown];
      expect(ticket).to.include({ setHint: 1, roundHint: 2 });
      const { row, column } = cells[ticket.index] as (typeof cells)[number];
      holds(shown, row, column);
    }
  });

  it("claims only those that win, and of those none twice", async () => {
    const { outcome } = await certified(seedThatAsks([], [OWN]));
    const { rowCount } = good.batch.facts;
    const bet = { ...everyTicketWins, fee: 2_000n };
    const winning = ticketCells(outcome.signature, SAMPLES, rowCount).flatMap(({ row, column }, index) => {
      const frame = validator.ledger.sample(batchId(), column) as Uint8Array;
      const cell = parseFrame(frame, rowCount)[row]?.cell as Uint8Array;
      return isWinning(ticketQuality(batchId(), outcome.signature, index, cell), bet) ? [index] : [];
    });
    const claimed = async (world: World): Promise<number[]> => {
      const { deps, sent } = setup({ ...world, stakes: bet });
      await claimTickets(deps, batchId(), signal);
      return sent.map(({ args }) => (args[1] as { index: number }).index);
    };
    expect(await claimed({})).to.deep.equal(winning);
    const [first] = winning;
    if (first === undefined) return expect(open("lottery")).to.equal(false);
    expect(await claimed({ paid: BigInt(OWN * 128 + first + 1) })).to.deep.equal(winning.slice(1));
  });

  it("claims nothing that is not worth its gas, that the chain refuses now, or that the pool can not pay", async () => {
    await certified(seedThatAsks([], [OWN]));
    const refused = new ZgError("ChainReverted", { error: "RoundFull" });
    for (const world of [{ cost: 10_000n }, { cost: refused }, { pool: 0n }]) {
      const { deps, planned } = setup(world);
      // It looks again: prices fall, rounds pass, pools fill.
      expect(await claimTickets(deps, batchId(), signal)).to.be.a("number");
      expect(planned).to.deep.equal([]);
    }
    const over = setup({ latest: block + WINDOWS.claimWindow });
    expect(await claimTickets(over.deps, batchId(), signal)).to.equal(undefined);
    expect(open("lottery")).to.equal(false);
  });

  const member = (slot: number): Member => ({
    slot,
    hint: 9,
    stake: 10n ** 6n,
    account: `0x${"0".repeat(38)}${slot}1` as Hex,
  });
  const AFTER = () => block + WINDOWS.auditWindow + WINDOWS.slashWindow - 2;

  it("accuses who was asked and is silent, and nobody else (A18)", async () => {
    await certified(seedThatAsks([2, 4, 5], [3]), 1n << 4n);
    const members = [2, 3, 4, 5].map(member);
    // 2 is silent; 3 was not asked, 4 not counted, 5 has answered.
    const { deps, sent } = setup({ members, settled: 1n << 5n, latest: AFTER() });
    expect(await accuseSilent(deps, batchId(), signal)).to.be.a("number");
    expect(sent.map(({ args }) => (args[2] as Member).slot)).to.deep.equal([2]);
    const done = setup({ members, settled: (1n << 5n) | (1n << 2n), latest: AFTER() });
    expect(await accuseSilent(done.deps, batchId(), signal)).to.equal(undefined);
    expect(open("accuse")).to.equal(false);
  });

  it("accuses nobody before the window, out of turn, for less than the gas, or itself", async () => {
    await certified(seedThatAsks([2]));
    const itself = { ...member(2), account: ACCOUNT };
    const worlds: World[] = [
      { members: [member(2)], latest: block + WINDOWS.auditWindow },
      // Slot 0 stands far behind slot 2: its turn comes after half of the window.
      { members: [member(2)], latest: block + WINDOWS.auditWindow + 1 },
      { members: [member(2)], latest: AFTER(), cost: 10n ** 6n },
      { members: [itself], latest: AFTER() },
    ];
    for (const world of worlds) {
      const { deps, planned } = setup(world);
      await accuseSilent(deps, batchId(), signal);
      expect(planned).to.deep.equal([]);
    }
  });
});
