import { ERRORS, ZgError } from "../protocol/errors.ts";
import { normalHex } from "../protocol/hex.ts";
import { COLUMNS, FRAME_ROW_BYTES } from "../protocol/params.ts";
import { detectionBound, log2 } from "../protocol/quorum.ts";
import { boundLines } from "./lib/batchBound.ts";
import { createDisplay } from "./lib/display.ts";
import { runningNetwork } from "./lib/folder.ts";
import { bar, bytes, duration } from "./lib/format.ts";
import { onInterrupt } from "./lib/interrupt.ts";
import { runTask } from "./lib/output.ts";
import { blame, openReader, type Sample, WITHHELD } from "./lib/reader.ts";

interface SampleArguments {
  readonly id: string;
  readonly samples: number;
  readonly data?: string;
  readonly json: boolean;
}

export default async function sample(given: SampleArguments): Promise<void> {
  await runTask(given.json, async (output) => {
    const id = normalHex(given.id, 32);
    const { samples } = given;
    if (samples < 1 || samples > COLUMNS) {
      throw new ZgError("BadRequest", { option: "--samples", samples, least: 1, most: COLUMNS });
    }
    const network = await runningNetwork(given.data);
    const reader = await openReader(network);
    const interrupt = onInterrupt();
    const live = !given.json && process.stdout.isTTY === true;
    const lines = [
      { name: "found", text: "find the batch and check its metadata" },
      { name: "sampled", text: "sample" },
    ];
    const display = createDisplay({ lines, live, say: output.say });
    try {
      const taken = await reader.sample(id, {
        ...{ samples, signal: interrupt.signal },
        onTarget: ({ batchId, blob, status, rows }) => {
          const what = blob === undefined ? `batch ${batchId}` : `blob ${blob.index} of batch ${batchId}`;
          display.done("found", `${what}  ${status}  rows ${rows.from} to ${rows.to - 1}`);
        },
        onColumn: (verified, of) => display.update("sampled", bar(verified, of)),
      });
      const certificate = await reader.boundOf(taken.target.batchId);
      const report = { ...reportOf(taken), certificate };
      const { columns, verified, bound, read, ms } = report;
      if (verified === columns.length) {
        display.done("sampled", `${verified} of ${columns.length} columns proved  ${bytes(read)} in ${duration(ms)}`);
      } else display.fail();
      await display.end();
      for (const { sentence } of flagsOf(taken)) output.warn(sentence);
      for (const source of taken.sources) if (source.lied + source.slow > 0) output.warn(blame(source));
      if (verified === columns.length) {
        const chance = bound === null ? "could not all have passed" : `would have passed with a chance of 2^${bound}`;
        output.say(`  With at most 63 of the 128 columns to be had, these ${verified} ${chance}.`);
        if (certificate !== null) output.say(`  A certificate: ${boundLines(certificate).join("; ")}.`);
      } else {
        const failed = Object.entries(report.failed).map(([column, code]) => `${column} ${code}`);
        const { what } = ERRORS.SampleFailed;
        output.warn(
          `SampleFailed: ${what} (${verified} of ${columns.length} verified; column ${failed.join(", column ")})`,
        );
        process.exitCode = 1;
      }
      output.result(report);
    } catch (error) {
      display.fail();
      await display.end();
      throw error;
    } finally {
      await reader.close();
      interrupt.end();
    }
  });
}

/** What the chain says against the batch, as a code and as a sentence. */
const flagsOf = ({ target: { batchId, withheld, corrupt } }: Sample): { code: string; sentence: string }[] => [
  ...(withheld ? [{ code: "Withheld", sentence: `Withheld: ${WITHHELD} (batchId ${batchId})` }] : []),
  ...(corrupt.length > 0
    ? [
        {
          code: "BlobCorrupt",
          sentence: `BlobCorrupt: proved to encode nothing: blob ${corrupt.join(", ")} of ${batchId}`,
        },
      ]
    : []),
];

/**
 * What a sample says. `bound`: log2 (null: minus infinity) of the chance that as many columns, fixed before anyone was asked for them, all pass
 * although at most 63 are to be had; `confidence`: one less that chance, 0 if a column did not pass.
 */
export function reportOf(sample: Sample) {
  const { target, columns, verified, failed, ms, sources } = sample;
  const { batchId, blob, status, rows } = target;
  const chance = log2(detectionBound(columns.length));
  const passed = verified.length === columns.length;
  return {
    ...(passed ? {} : { code: "SampleFailed" as const }),
    ...{ batchId, ...blob, status, flags: flagsOf(sample).map(({ code }) => code), corrupt: target.corrupt },
    ...{ columns, verified: verified.length },
    confidence: passed ? 1 - 2 ** chance : 0,
    bound: Number.isFinite(chance) ? Number(chance.toFixed(1)) : null,
    ...{ failed, read: verified.length * (rows.to - rows.from) * FRAME_ROW_BYTES, ms, sources },
  };
}
