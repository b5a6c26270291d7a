import { setTimeout as pause } from "node:timers/promises";
import { ZgError } from "../protocol/errors.ts";
import { fromHex, type Hex, normalHex } from "../protocol/hex.ts";
import { COLUMNS } from "../protocol/params.ts";
import { createDisplay } from "./lib/display.ts";
import { writeWhole } from "./lib/file.ts";
import { gwei, integer } from "./lib/format.ts";
import { blame } from "./lib/reader.ts";
import { type ReporterSession, type Sent, withReporter } from "./lib/reporter.ts";

interface ChallengeArguments {
  readonly batch: string;
  readonly row: number;
  readonly column: number;
  readonly anyway: boolean;
  readonly out?: string;
  readonly data?: string;
  readonly json: boolean;
}

/** As DAChallenge names a cell. */
interface CellId {
  readonly batchId: Hex;
  readonly row: number;
  readonly column: number;
}

/** Asks for a cell: every node first, then the chain, against a bond; ends when it is answered, or the batch flagged. */
export default async function challenge(given: ChallengeArguments): Promise<void> {
  await withReporter(given, async (session) => {
    const { reader, output, interrupt } = session;
    const { row, column } = given;
    const where: CellId = { batchId: normalHex(given.batch, 32), row, column };
    if (row < 0 || column < 0 || column >= COLUMNS) throw new ZgError("BadRequest", { row, column, columns: COLUMNS });
    const lines = [
      { name: "asked", text: "ask every node for the cell" },
      { name: "challenged", text: "challenge" },
      { name: "ended", text: "wait for the answer" },
    ];
    const live = !given.json && process.stdout.isTTY === true;
    const display = createDisplay({ lines, live, say: output.say });
    const keep = async (cell: Uint8Array): Promise<string | null> =>
      given.out === undefined ? null : writeWhole(given.out, cell);
    try {
      const asked = await reader.cell(where.batchId, { row, column }, interrupt.signal);
      for (const source of asked.sources) if (source.lied > 0) output.warn(blame(source));
      const { found } = asked;
      if (found !== null && !given.anyway) {
        display.done("asked", `${found.source} gives it, and it is the batch's`);
        display.done("challenged", "no challenge: nothing is withheld (--anyway pays for one all the same)");
        display.done("ended", "served");
        await display.end();
        output.result({ ...where, outcome: "served", source: found.source, file: await keep(found.cell) });
        return;
      }
      display.done("asked", found === null ? "nobody gives it" : `${found.source} gives it; challenged anyway`);
      const shown = await shownBefore(session, where);
      if (shown !== null) {
        display.done("challenged", "no challenge: the cell was asked for before, and is on chain");
        display.done("ended", `answered by ${shown.by} in block ${integer(shown.block)}`);
        await display.end();
        const { cell, ...answered } = shown;
        output.result({ ...where, ...answered, file: await keep(cell) });
        return;
      }
      const opened = await open(session, where);
      display.done(
        "challenged",
        `bond ${gwei(opened.bond)}${opened.own ? "" : ` of ${opened.challenger}`}  answer due by block ${integer(opened.deadline)}`,
      );
      const end = await follow(session, where, opened, (block) => {
        display.update(
          "ended",
          `wait for the answer: ${integer(Math.max(opened.deadline - block, 0))} blocks are left`,
        );
      });
      const { challenger, deadline } = opened;
      const terms = { bond: String(opened.bond), deposit: String(opened.deposit), challenger, deadline };
      const withdraw = async (): Promise<bigint> => (opened.own ? await (await session.reporter()).withdraw() : 0n);
      if (end.outcome === "answered") {
        display.done("ended", `answered by ${end.by} in block ${integer(end.block)}: the cell is on chain`);
        await display.end();
        const { cell, ...answered } = end;
        const file = await keep(cell);
        const withdrawn = opened.deposit > 0n ? await withdraw() : 0n;
        if (withdrawn > 0n) output.say(`  ${gwei(withdrawn)} back: what was paid beside the bond.`);
        output.result({ ...where, ...terms, ...answered, file, withdrawn: String(withdrawn) });
        return;
      }
      display.done("ended", `withheld: no answer, the batch is flagged (block ${integer(end.block)})`);
      await display.end();
      const withdrawn = await withdraw();
      if (withdrawn > 0n)
        output.say(`  ${gwei(withdrawn)} back: what was paid, and ${gwei(end.reward)} of the batch's.`);
      output.result({
        ...{ ...where, ...terms, outcome: "withheld", block: end.block, hash: end.hash },
        ...{ reward: String(end.reward), withdrawn: String(withdrawn) },
      });
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    }
  });
}

/** The answer to whoever asked for this cell before: nobody can ask for it again. */
async function shownBefore(session: ReporterSession, where: CellId): Promise<Answered | null> {
  const { challenges, entrance, head } = session.chain;
  if (!(await challenges.getFunction("isAnswered")(where))) return null;
  const { confirmBlock } = await entrance.getFunction("record")(where.batchId);
  const to = await head();
  // What nobody showed at first is asked for again.
  for (let from = Number(confirmBlock); from <= to; ) {
    const end = await endOf(session, where, from, to);
    if (end === null || end.outcome === "answered") return end;
    from = end.block + 1;
  }
  return null;
}

interface Opened {
  readonly challenger: string;
  /** What an answer earns. */
  readonly bond: bigint;
  /** What the challenger has back in any case. */
  readonly deposit: bigint;
  readonly deadline: number;
  /** Block of the challenge, or a block before it. */
  readonly block: number;
  readonly own: boolean;
}

/** The challenge of this cell that is open, whoever made it; else a new one. */
async function open(session: ReporterSession, where: CellId): Promise<Opened> {
  const { chain } = session;
  const { challenges } = chain;
  const required: bigint = await challenges.getFunction("requiredBond")(where.batchId);
  // The base fee may rise until the block that takes it, and others may ask; what is too much comes back.
  const paid = (required * 3n) / 2n;
  const reporter = await session.reporter(paid);
  const openNow = async (block: number): Promise<Opened | null> => {
    try {
      const { challenger, bond, deposit, deadline } = await challenges.getFunction("challengeOf")(where);
      const own = challenger.toLowerCase() === reporter.account;
      return { challenger: challenger.toLowerCase(), bond, deposit, deadline: Number(deadline), block, own };
    } catch (error) {
      const named = chain.errorOf(error);
      if (named.fields.error === "NotChallenged") return null;
      throw named;
    }
  };
  const window = Number(await challenges.getFunction("window")());
  const known = await openNow(0);
  if (known !== null) return { ...known, block: known.deadline - window };
  const id = `challenge-${where.batchId}-${where.row}-${where.column}-${await reporter.nonce()}`;
  const { events, block } = await reporter.send(id, challenges, "challenge", [where], paid);
  const event = eventOf(events, "Challenged");
  const [bond, deposit] = [BigInt(String(event?.bond ?? 0)), BigInt(String(event?.deposit ?? paid))];
  const deadline = Number(event?.deadline ?? block + window);
  return { challenger: reporter.account, bond, deposit, deadline, block, own: true };
}

const eventOf = (events: Sent["events"], name: string): Readonly<Record<string, unknown>> | undefined =>
  events.find((event) => event.name === name)?.args;

interface Answered {
  readonly outcome: "answered";
  readonly by: string;
  readonly block: number;
  readonly hash: Hex;
  readonly cell: Uint8Array;
}

type End =
  | Answered
  | { readonly outcome: "withheld"; readonly block: number; readonly hash: Hex; readonly reward: bigint };

const POLL_MS = 500;

/** Until an answer is on chain, or it is too late for one: then the consequence is drawn here. */
async function follow(
  session: ReporterSession,
  where: CellId,
  { deadline, block }: Opened,
  onBlock: (block: number) => void,
): Promise<End> {
  const { chain, interrupt } = session;
  const { signal } = interrupt;
  for (;;) {
    signal.throwIfAborted();
    const head = await chain.head();
    onBlock(head);
    const end = await endOf(session, where, block, head);
    if (end !== null) return end;
    if (head > deadline) {
      const reporter = await session.reporter();
      const id = `resolve-${where.batchId}-${where.row}-${where.column}-${deadline}`;
      try {
        const { events, block: mined, hash } = await reporter.send(id, chain.challenges, "resolve", [where]);
        const reward = BigInt(String(eventOf(events, "BondLost")?.reward ?? 0));
        return { outcome: "withheld", block: mined, hash, reward };
      } catch (error) {
        // Somebody else drew it, or answered in the last block: the events say which.
        if (!(error instanceof ZgError) || error.fields.error !== "NotChallenged") throw error;
      }
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** What the events say became of the challenge that was made in `from`. */
async function endOf({ chain }: ReporterSession, where: CellId, from: number, to: number): Promise<End | null> {
  const topics = [null, where.batchId];
  const addresses = [chain.addresses.DAChallenge, chain.addresses.DAEntrance];
  const events = (await chain.logs({ from, to, addresses, topics }))
    .map((log) => chain.decode(log))
    .filter((event) => event !== null);
  for (const { name, args, blockNumber, transactionHash } of events) {
    if (Number(args.row) !== where.row || Number(args.column) !== where.column) continue;
    const at = { block: blockNumber, hash: transactionHash };
    if (name === "Answered") {
      return { outcome: "answered", ...at, by: String(args.answerer).toLowerCase(), cell: fromHex(args.cell as Hex) };
    }
    if (name === "Unanswered") {
      const lost = events.find((event) => event.name === "BondLost" && event.transactionHash === transactionHash);
      return { outcome: "withheld", ...at, reward: BigInt(String(lost?.args.reward ?? 0)) };
    }
  }
  return null;
}
