/**
 * What an upload has decided, written down before it acts: a second run of the same command goes on where the first one
 * was killed, and never pays twice. One record is one transaction with the entries of one file, or of a few of a folder.
 *
 *   planned → signed → mined → done
 *
 * planned: which files are to have entries · signed: bytes of the transaction, not to be made anew while they could be
 * mined · mined: where the entries are · done: nodes hold the data.
 */
import { z } from "zod";
import { addressWord } from "../../protocol/batch.ts";
import { fileRootOf, identityOf } from "../../protocol/flow.ts";
import { concat, fromHex, type Hex, isHex, word } from "../../protocol/hex.ts";
import { keccak, keccakHex, keccakText } from "../../protocol/keccak.ts";

const hex = (bytes?: number) => z.custom<Hex>((value) => isHex(value, bytes), "0x-prefixed hex");
/** Integers beyond 2^53 travel as decimal text. */
const decimal = z.string().regex(/^\d+$/);
const count = z.int().nonnegative();

const file = z.object({
  root: hex(32),
  /** Bytes. */
  length: z.int().positive(),
  nodes: z.array(z.object({ root: hex(32), height: count })).min(1),
});
export type IntentFile = z.infer<typeof file>;

const place = z.object({
  txSeq: count,
  /** First sector in the log. */
  start: count,
  block: count,
  transactionHash: hex(32),
});
/** Where a file's entry is in the log. */
export type Place = z.infer<typeof place>;

const signed = z.object({
  raw: hex(),
  hash: hex(32),
  nonce: count,
  /** Wei per gas. */
  maxFee: decimal,
  tip: decimal,
  gas: decimal,
  /** What the transaction carries; the surplus comes back. */
  value: decimal,
  /** Sectors that it pays for. */
  sectors: count,
});
export type SignedTx = z.infer<typeof signed>;

const plan = z.object({
  version: z.literal(1),
  id: hex(32),
  signer: hex(20),
  tags: hex(),
  files: z.array(file).min(1),
  /** Entries before these are of somebody's earlier wish. */
  fromBlock: count,
  firstEntry: count,
});
const places = z.array(place);
const record = z.discriminatedUnion("state", [
  plan.extend({ state: z.literal("planned") }),
  /** All of one nonce, oldest first: at most one can be mined. */
  plan.extend({ state: z.literal("signed"), txs: z.array(signed).min(1) }),
  /** As long as `files`. */
  plan.extend({ state: z.literal("mined"), txs: z.array(signed), entries: places }),
  plan.extend({ state: z.literal("done"), txs: z.array(signed), entries: places, nodes: z.array(z.string()) }),
]);
export const intentSchema = record.refine(
  (value) => !("entries" in value) || value.entries.length === value.files.length,
  "an entry for each file",
);
export type Intent = z.infer<typeof record>;
export type Planned = Extract<Intent, { state: "planned" }>;
export type Signed = Extract<Intent, { state: "signed" }>;
export type Mined = Extract<Intent, { state: "mined" }>;
export type Done = Extract<Intent, { state: "done" }>;
export type Plan = Omit<Planned, "state">;

/** Who, where and what: equal in all of it is the same wish. */
export interface Wish {
  readonly chainId: number;
  /** Of the block that the network begins at: a chain that began anew is another one, whatever its id. */
  readonly genesis: Hex;
  readonly flow: Hex;
  readonly signer: Hex;
  readonly tags: Hex;
  readonly files: readonly IntentFile[];
}

export const intentIdOf = ({ chainId, genesis, flow, signer, tags, files }: Wish): Hex => {
  const parts = files.map(({ root, length }) => concat(fromHex(root, 32), word(length)));
  return keccakHex(
    concat(
      ...[keccakText("0G/upload/v1"), word(chainId), fromHex(genesis, 32), addressWord(flow), addressWord(signer)],
      ...[keccak(fromHex(tags)), ...parts],
    ),
  );
};

export const sectorsOf = ({ nodes }: Pick<IntentFile, "nodes">): number =>
  nodes.reduce((sum, { height }) => sum + 2 ** height, 0);

/** A file as the log names it, from the nodes that its segment roots give. */
export const intentFile = (length: number, nodes: IntentFile["nodes"]): IntentFile => ({
  root: fileRootOf(nodes),
  length,
  nodes,
});

export const identityOfFile = ({ nodes }: Pick<IntentFile, "nodes">): Hex => identityOf(nodes);

/** The arrows. A transaction that can not be mined any more leaves the plan as it was. */
export const planOf = ({ version, id, signer, tags, files, fromBlock, firstEntry }: Intent): Plan => ({
  ...{ version, id, signer, tags, files, fromBlock, firstEntry },
});
export const replanned = (intent: Intent): Planned => ({ ...planOf(intent), state: "planned" });
/** What was mined and is not there any more is what it was before: its bytes may still be mined. */
export const reopened = (intent: Intent): Planned | Signed => {
  if (intent.state === "planned" || intent.state === "signed") return intent;
  return intent.txs.length === 0 ? replanned(intent) : { ...planOf(intent), state: "signed", txs: intent.txs };
};
export const withTx = (intent: Planned | Signed, tx: SignedTx): Signed => ({
  ...planOf(intent),
  state: "signed",
  txs: intent.state === "signed" ? [...intent.txs, tx] : [tx],
});
export const withEntries = (intent: Intent, entries: Place[]): Mined => ({
  ...planOf(intent),
  state: "mined",
  txs: "txs" in intent ? intent.txs : [],
  entries,
});
export const withNodes = (intent: Mined, nodes: string[]): Done => ({ ...intent, state: "done", nodes });
