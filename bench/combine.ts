import { hashToField } from "../protocol/challenge.ts";
import { combination } from "../protocol/combine.ts";
import { keccakText } from "../protocol/keccak.ts";
import { FIELD_ORDER } from "../protocol/params.ts";
import { payloadOf } from "../test/protocol/sample.ts";
import { compare, report } from "./measure.ts";

const rho = hashToField(keccakText("bench"), `0x${"00".repeat(32)}`, 2, 1);
const row = payloadOf("row", 131_072).map((byte, i) => (i % 32 === 0 ? 0 : byte));
const sums: bigint[] = new Array(4096).fill(0n);

function elementwise(): void {
  const hex = Buffer.from(row).toString("hex");
  for (let i = 0; i < 4096; i++) {
    const element = BigInt(`0x${hex.slice(i * 64, (i + 1) * 64)}`);
    sums[i] = ((sums[i] as bigint) + rho * element) % FIELD_ORDER;
  }
}

const sum = combination(4096);
const ours = { what: "one vector at a time, reduced at the end", run: () => sum.add(rho, row) };
const peer = { what: "BigInt, element by element", run: elementwise };
report("combine", "adding ρ × row to a combination (4,096 elements)", ours, peer, await compare(ours, peer, 25));
