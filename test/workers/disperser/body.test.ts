import { Readable } from "node:stream";
import { expect } from "chai";
import { concat, equalBytes } from "../../../protocol/hex.ts";
import { readBody } from "../../../workers/disperser/body.ts";
import { payloadOf } from "../../protocol/sample.ts";
import { packedOf } from "../facts.ts";

describe("reading a body", () => {
  const payload = payloadOf("eight megabytes", 8_000_001);
  const chunks = Array.from({ length: 123 }, (_, i) => payload.subarray(i * 65_536, (i + 1) * 65_536));

  it("gives the hash and the rows of the whole", async () => {
    const body = Readable.from(chunks, { objectMode: false });
    const { length, payloadHash, rows } = await readBody(body, 1e7, payload.length, () => undefined);
    const whole = packedOf(payload);
    expect({ length, payloadHash }).to.deep.equal({ length: whole.length, payloadHash: whole.payloadHash });
    expect(equalBytes(concat(...rows), concat(...whole.rows))).to.equal(true);
  });

  it("lets others have their turn, also when all of it is there at once", async () => {
    let turns = 0;
    let running = true;
    const count = () => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await readBody(Readable.from(chunks, { objectMode: false }), 1e7, payload.length, () => undefined);
    running = false;
    expect(turns).to.be.at.least(12);
  });
});
