/**
 * What a signature brings with it once its batch is confirmed: the edges `audit`, `lottery` and `accuse`. Each looks at
 * the chain first, plans what is missing, and is over when the chain says so: a duty is never done twice, and a crash
 * costs nothing but time.
 */
import { crashpoint } from "../../adapters/crashpoint.ts";
import { asZgError } from "../../adapters/errors.ts";
import type { Log } from "../../adapters/log.ts";
import type { Intent } from "../../adapters/outbox.ts";
import { parseFrame } from "../../protocol/column.ts";
import { fromHex, type Hex } from "../../protocol/hex.ts";
import { keccakHex } from "../../protocol/keccak.ts";
import { batchPrize, isPaid, isWinning, mostPrizes, ticketQuality } from "../../protocol/lottery.ts";
import { auditedCell, type Certificate, mustAnswer, ticketCells } from "../../protocol/sampling.ts";
import type { PartyWallet } from "../wallet.ts";
import { isWorth } from "../worth.ts";
import { type Attested, attestedOf, type Calls, type Terms } from "./calls.ts";
import type { Ledger } from "./ledger.ts";
import { type Certified, type Duty, isCertified, onDone, type Sampling } from "./record.ts";
import { type ShowDeps, showCell } from "./show.ts";
import { turnOf } from "./turn.ts";

export interface DutyDeps extends ShowDeps {
  readonly ledger: Ledger;
  readonly calls: Calls;
  readonly wallet: Pick<PartyWallet, "address" | "plan">;
  readonly terms: Terms;
  readonly publicKey: Hex;
  /** Wei of gain for a wei of gas below which nothing is sent. Audits are answered at any price. */
  readonly leastGain: number;
  /** An audit that asked this validator has ended. */
  readonly onAudit?: (end: "answered" | "missed") => void;
  readonly head: () => { readonly latest: number; readonly finalized: number };
  readonly log: Log;
}

/** Until a planned transaction can be in a block, and until a price may have changed, ms. */
const SOON_MS = 1_000;
const LATER_MS = 15_000;

/** ms after which to look again; undefined: over, or nothing to do. */
export type Look = (deps: DutyDeps, batchId: Hex, signal: AbortSignal) => Promise<number | undefined>;

const certificateOf = ({ confirmed }: Certified | Confirmed): Certificate => ({
  ...confirmed.certificate,
  absent: BigInt(confirmed.certificate.absent),
});

/** Shows the cell that the audit asks for. The stake is at risk, so no price is too high. */
export const answerAudit: Look = async (deps, batchId, signal) => {
  const record = deps.ledger.find(batchId);
  if (!isCertified(record) || !record.confirmed.open.audit) return undefined;
  const certificate = certificateOf(record);
  const { slot, signature } = record.outcome;
  const over = (why: string): Promise<undefined> => finish(deps, record, "audit", why);
  const ended = deps.head().latest >= record.confirmed.block + deps.terms.auditWindow;
  const settled = await deps.calls.settled(batchId);
  if (!mustAnswer(certificate, slot, deps.terms.auditBps, settled)) {
    if (mustAnswer(certificate, slot, deps.terms.auditBps, 0n)) deps.onAudit?.("answered");
    return over("not asked, or settled");
  }
  if (ended) {
    deps.onAudit?.("missed");
    deps.log.error({ batchId, slot }, "an audit was not answered in time: this costs stake");
    return over("its window has ended");
  }

  const { samples } = deps.terms;
  const place = auditedCell(certificate.auditSeed, slot, signature, samples, record.batch.facts.rowCount);
  const shown = await showCell(deps, record, place, signal);
  const intent = deps.calls.answer(await attested(deps, record, certificate), shown);
  await send(deps, intent, signal);
  crashpoint("audit-planned");
  return SOON_MS;
};

/** Claims the tickets among its samples that win. */
export const claimTickets: Look = async (deps, batchId, signal) => {
  const record = deps.ledger.find(batchId);
  if (!isCertified(record) || !record.confirmed.open.lottery) return undefined;
  const { calls, terms } = deps;
  const over = (why: string): Promise<undefined> => finish(deps, record, "lottery", why);
  if (deps.head().latest >= record.confirmed.block + terms.claimWindow) return over("its window has ended");

  const certificate = certificateOf(record);
  const own = await attested(deps, record, certificate);
  const { epoch, block, facts } = record.batch;
  const stakes = await calls.stakes({ epoch, block, rowCount: facts.rowCount }, own.slot, own.slotHint);
  const bet = { ...stakes.bet, prize: batchPrize(stakes.bet.prize, stakes.bet.fee) };
  const paid = await calls.paidTickets(batchId);
  const winning = winners(deps.ledger, record, terms.samples, (quality) => isWinning(quality, bet)).filter(
    (index) => !isPaid(paid, own.slot, index),
  );
  const paidCount = paid === 0n ? 0 : Math.ceil(paid.toString(2).length / 16);
  if (winning.length === 0 || BigInt(paidCount) >= mostPrizes(bet.fee, bet.prize)) return over("no ticket is open");

  for (const index of winning) {
    const place = ticketCells(record.outcome.signature, terms.samples, facts.rowCount)[index];
    if (place === undefined) continue;
    const ticket = { index, setHint: stakes.setHint, roundHint: stakes.roundHint };
    const intent = calls.claim(own, ticket, await showCell(deps, record, place, signal));
    const pool = await calls.pool();
    const gain = bet.prize < pool ? bet.prize : pool;
    if (!(await isPossible(deps, intent, gain))) continue;
    await send(deps, intent, signal);
    crashpoint("ticket-planned");
  }
  return LATER_MS;
};

/** Which of the first samples are winning tickets: indices. A column that is not kept is passed over. */
export const winners = (
  ledger: Pick<Ledger, "sample">,
  { batch, outcome }: Certified,
  samples: number,
  wins: (quality: bigint) => boolean,
): number[] => {
  const { batchId, rowCount } = batch.facts;
  return ticketCells(outcome.signature, samples, rowCount).flatMap(({ row, column }, index) => {
    const frame = ledger.sample(batchId, column);
    const cell = frame && parseFrame(frame, rowCount)[row]?.cell;
    return cell !== undefined && wins(ticketQuality(batchId, outcome.signature, index, cell)) ? [index] : [];
  });
};

type Confirmed = Sampling & { readonly confirmed: NonNullable<Sampling["confirmed"]> };

/** Has those slashed who signed, were asked, and stayed silent. */
export const accuseSilent: Look = async (deps, batchId, signal) => {
  const record = deps.ledger.find(batchId) as Confirmed | undefined;
  if (record?.onChain !== true || record.confirmed === null || !record.confirmed.open.accuse) return undefined;
  const { calls, terms } = deps;
  const answered = record.confirmed.block + terms.auditWindow;
  const { latest } = deps.head();
  if (latest <= answered) return undefined;
  const certificate = certificateOf(record);
  const settled = await calls.settled(batchId);
  const silent = (await calls.membersAt(record.batch.epoch)).filter(
    ({ slot, account }) => account !== deps.wallet.address && mustAnswer(certificate, slot, terms.auditBps, settled),
  );
  if (silent.length === 0 || latest >= answered + terms.slashWindow) return finish(deps, record, "accuse", "none left");

  const own = record.outcome?.kind === "signed" ? record.outcome.slot : null;
  for (const member of silent) {
    if (latest <= answered + turnOf(own, member.slot, terms.slashWindow)) continue;
    const gain = (((member.stake * terms.slashBps) / 10_000n) * terms.reporterBps) / 10_000n;
    const intent = calls.slash(batchId, certificate, member);
    if (!(await isPossible(deps, intent, gain))) continue;
    await send(deps, intent, signal);
    crashpoint("accuse-planned");
  }
  return SOON_MS;
};

const finish = async ({ ledger, log }: DutyDeps, record: Confirmed, duty: Duty, why: string): Promise<undefined> => {
  const { batchId } = record.batch.facts;
  await ledger.update(batchId, (known) => known && onDone(known, duty, record.confirmed.certificate.auditSeed));
  log.debug({ batchId, duty, why }, "duty over");
  return undefined;
};

const attested = async (deps: DutyDeps, record: Certified, certificate: Certificate): Promise<Attested> => {
  const { batchId } = record.batch.facts;
  const keyHash = keccakHex(fromHex(deps.publicKey, 128));
  const { slot, hint } = await deps.calls.findKey(keyHash, record.batch.epoch);
  const about = { batchId, slot, slotHint: hint, certificate };
  return attestedOf(about, { publicKey: deps.publicKey, signature: record.outcome.signature });
};

/** The contract would take it, and it pays. What it refuses now it may take later: a round is full, the pool empty. */
const isPossible = async (deps: DutyDeps, intent: Intent, gain: bigint): Promise<boolean> => {
  try {
    const cost = await deps.calls.cost(deps.wallet.address, intent);
    return isWorth(gain, cost, deps.leastGain);
  } catch (error) {
    const { code, fields } = asZgError(error);
    if (code !== "ChainReverted") throw error;
    deps.log.debug({ intent: intent.id, error: fields.error }, "not now");
    return false;
  }
};

const send = async ({ wallet, log }: DutyDeps, intent: Intent, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  const { nonce } = await wallet.plan(intent);
  log.debug({ intent: intent.id, nonce }, "planned");
};
