import { ZgError } from "../protocol/errors.ts";
import { type Hex, normalHex } from "../protocol/hex.ts";
import type { Charge } from "../workers/retriever/index.ts";
import { createDisplay } from "./lib/display.ts";
import { gwei, integer } from "./lib/format.ts";
import { prosecute } from "./lib/prosecute.ts";
import { type ReporterSession, type Sent, withReporter } from "./lib/reporter.ts";

interface AccuseArguments {
  readonly id: string;
  readonly data?: string;
  readonly json: boolean;
}

/** Proves on chain that a certified blob encodes nothing; half of its batch's bond is the reward. */
export default async function accuse(given: AccuseArguments): Promise<void> {
  await withReporter(given, async (session) => {
    const { reader, output, interrupt } = session;
    const blobKey = normalHex(given.id, 32);
    const lines = [
      { name: "read", text: "read the blob" },
      { name: "charge", text: "look for the fault" },
      { name: "proved", text: "prove it on chain" },
    ];
    const live = !given.json && process.stdout.isTTY === true;
    const display = createDisplay({ lines, live, say: output.say });
    try {
      const known = await verdictOn(session, blobKey);
      display.done("read", `CorruptEncoding: ${known.flagged ? "proved on chain before" : "found by reading it"}`);
      if (known.flagged) {
        display.done("charge", "nothing left to prove");
        display.done("proved", `flagged already: blob ${known.index} of batch ${known.batchId}`);
        await display.end();
        output.result({ blobKey, batchId: known.batchId, blobIndex: known.index, flagged: true, known: true });
        return;
      }
      const charge = await reader.charge(blobKey, {
        signal: interrupt.signal,
        onColumn: (read, of) => display.update("charge", `${read} of ${of} columns`),
      });
      display.done("charge", sentenceOf(charge));
      const reporter = await session.reporter();
      const sent = await prosecute(session.chain, reporter, charge, (text) => display.update("proved", text));
      const last = sent.at(-1) as Sent;
      const reward = BigInt(String(last.events.find(({ name }) => name === "BondLost")?.args.reward ?? 0));
      const gas = sent.reduce((sum, one) => sum + one.gas, 0);
      display.done("proved", `block ${integer(last.block)}  ${integer(gas)} gas  transaction ${last.hash}`);
      await display.end();
      const withdrawn = await reporter.withdraw();
      output.say(
        reward === 0n
          ? "  The bond was gone already: no reward."
          : `  Reward: ${gwei(reward)}, half of the batch's bond; ${gwei(withdrawn)} sent to ${reporter.account}.`,
      );
      const { batchId, index, proof } = charge;
      output.result({
        ...{ blobKey, batchId, blobIndex: index, flagged: true, known: false, proof: proof.kind },
        ...{ transactions: sent.map(({ hash }) => hash), block: last.block, gas },
        ...{ reporter: reporter.account, reward: String(reward), withdrawn: String(withdrawn) },
      });
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    }
  });
}

interface Known {
  readonly flagged: boolean;
  readonly batchId?: string;
  readonly index?: number;
}

/** Only what every reader refuses is accused. */
async function verdictOn({ reader, interrupt }: ReporterSession, blobKey: Hex): Promise<Known> {
  try {
    await reader.read(blobKey, { signal: interrupt.signal });
  } catch (error) {
    if (!(error instanceof ZgError) || error.code !== "CorruptEncoding") throw error;
    const { flag, batchId, index } = error.fields;
    return { flagged: flag === "BlobCorrupt", batchId: String(batchId), index: Number(index) };
  }
  throw new ZgError("BadRequest", { blobKey, why: "the blob can be read: there is nothing to prove against it" });
}

function sentenceOf({ proof, index, batchId }: Charge): string {
  const where = `blob ${index} of batch ${batchId}`;
  if (proof.kind === "malformed")
    return `malformed: an element that no encoding has, sector ${proof.sectorIndex} of ${where}`;
  return `corrupt: the rows of ${where} do not agree with the commitment at position ${proof.position}`;
}
