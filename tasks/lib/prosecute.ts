import type { Chain } from "../../adapters/chain.ts";
import { fromHex, toHex } from "../../protocol/hex.ts";
import type { Charge } from "../../workers/retriever/index.ts";
import type { Reporter, Sent } from "./reporter.ts";

/** One transaction, as a rule; of a blob of more rows than fit into one, those before sum up rows. */
export async function prosecute(
  { entrance }: Pick<Chain, "entrance">,
  reporter: Pick<Reporter, "account" | "send">,
  charge: Charge,
  onText: (text: string) => void,
): Promise<Sent[]> {
  const { batchId, index, header, path, proof } = charge;
  const { commitment, ...rest } = header;
  const bytes = fromHex(commitment, 48);
  const halves = { commitmentHi: toHex(bytes.slice(0, 32)), commitmentLo: toHex(bytes.slice(32)) };
  const blob = { header: { ...rest, ...halves }, index, path };
  const name = `${batchId}-${index}`;
  if (proof.kind === "malformed") {
    const { sectorIndex, sector, element } = proof;
    onText("one sector");
    const args = [batchId, blob, sectorIndex, sector, element, proof.path];
    return [await reporter.send(`malformed-${name}`, entrance, "proveMalformed", args)];
  }
  const { position, parts, opening } = proof;
  const sent: Sent[] = [];
  let summed = Number(await entrance.getFunction("rowsSummed")(reporter.account, batchId, index, position));
  let first = 0;
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    const rows = part.rows.length;
    onText(`part ${i + 1} of ${parts.length}: ${rows} rows`);
    // An earlier run may have been interrupted between two parts.
    if (first < summed) {
      first += rows;
      continue;
    }
    const args = [batchId, blob, position, part];
    if (isLast) sent.push(await reporter.send(`corrupt-${name}`, entrance, "proveCorrupt", [...args, opening]));
    else sent.push(await reporter.send(`sum-${name}-${position}-${i}`, entrance, "sumRows", args));
    first += rows;
    summed = Math.max(summed, first);
  }
  return sent;
}
