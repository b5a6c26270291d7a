/** A log store that takes files until it is killed, saying (unbuffered) what it has acknowledged. */
import { writeSync } from "node:fs";
import { openTestLog, randomFile } from "./files.ts";

const [, , dir = "", blocks = "6", halve = ""] = process.argv;
const say = (line: string): number => writeSync(1, `${line}\n`);
const node = await openTestLog(dir);

for (let block = node.log.tip().nextTxSeq / 2; block < Number(blocks); block++) {
  const files = [0, 1].map((i) => randomFile(1 + (((block * 2 + i) * 397_123) % 1_500_000), `${block}/${i}`));
  await node.add(files, { block });
  say(`entry ${2 * block + 1}`);
  for (const [i, file] of files.entries()) {
    await node.log.putRoots(file, file.roots);
    await Promise.all(
      Array.from({ length: file.shape.segments }, async (_, index) => {
        await node.log.putSegment(file, index, file.segment(index));
        say(`segment ${2 * block + i} ${index}`);
      }),
    );
  }
}
if (halve !== "") {
  const { shardId } = await node.log.halve();
  say(`halved ${shardId}`);
  await node.log.pruned();
}
await node.close();
say("end");
