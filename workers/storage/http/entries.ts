/** Entries of the log, in their order. */
import { z } from "zod";
import type { Answers } from "../../../adapters/answers.ts";
import type { Http } from "../../../adapters/http.ts";
import type { EntryView } from "../../../adapters/node-views.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { EntryInfo, LogStore } from "../log/types.ts";
import { digits } from "./params.ts";

const MAX_LIMIT = 1_000;
/** Hex digits of tags in one answer: a page of entries with long tags is shorter than it was asked to be. */
const MAX_TAG_DIGITS = 4 * 2 ** 20;
/** Entries looked up between two looks at how long the answer has become. */
const STEP = 50;

const Entry = z.object({ txSeq: digits(16) });
const Page = z.object({
  from: digits(16).default(0),
  limit: digits(4)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, `1 to ${MAX_LIMIT}`)
    .default(100),
});

/** Of an entry in an answer, without its tags. */
const ENTRY_BYTES = 1_024;

export const serveEntries = (app: Http, store: LogStore, answers: Answers): void => {
  app.get("/entries/:txSeq", { schema: { params: Entry } }, async ({ params: { txSeq } }) => {
    const info = store.info(txSeq);
    if (info === undefined) throw new ZgError("UnknownEntry", { txSeq, nextTxSeq: store.tip().nextTxSeq });
    return viewOf(info);
  });
  app.get("/entries", { schema: { querystring: Page } }, async ({ query: { from, limit } }, reply) => {
    const held = limit * ENTRY_BYTES;
    await answers.hold(reply.raw, held);
    // A page is of one moment: how long its tags are is known when it is there.
    const text = JSON.stringify(pageOf(from, limit));
    if (text.length > held) await answers.hold(reply.raw, text.length - held);
    return reply.type("application/json; charset=utf-8").send(text);
  });

  const pageOf = (from: number, limit: number): EntryView[] => {
    const page: EntryView[] = [];
    let digits = 0;
    for (let at = from; page.length < limit; at += STEP) {
      const infos = store.infos(at, Math.min(STEP, limit - page.length));
      for (const info of infos) {
        digits += info.entry.tags.length;
        if (digits > MAX_TAG_DIGITS && page.length > 0) return page;
        page.push(viewOf(info));
      }
      if (infos.length < STEP) break;
    }
    return page;
  };
};

const viewOf = ({ entry, state, pruned, held }: EntryInfo): EntryView => ({
  txSeq: entry.txSeq,
  sender: entry.sender,
  identity: entry.identity,
  root: entry.root,
  start: entry.start,
  sectors: entry.sectors,
  length: entry.length,
  tags: entry.tags,
  nodes: [...entry.nodes],
  block: entry.block.number,
  transactionHash: entry.transactionHash,
  state,
  pruned,
  uploaded: held,
});
