import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openSlots, type Slots } from "../../adapters/slots.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";

const SLOT = 4096;

describe("slots", () => {
  const dir = tempDir("slots");
  const path = join(dir.path, "slots.bin");
  const open = (taken = new Uint8Array(0)): Promise<Slots> => openSlots(path, { slotBytes: SLOT, taken });
  after(() => dir.remove());

  it("gives back what was written, of any length up to a slot's", async () => {
    const slots = await open();
    const written = [SLOT, 1, 100, SLOT - 1].map((length) => ({ slot: slots.take(), bytes: randomBytes(length) }));
    await Promise.all(written.map(({ slot, bytes }) => slots.write(slot, bytes)));
    for (const { slot, bytes } of written) {
      expect(Buffer.from(await slots.read(slot, bytes.length)).equals(bytes)).to.equal(true);
    }
    await slots.close();
  });

  it("takes the lowest free slot, and none twice", async () => {
    const slots = await open(new Uint8Array([0b1011, 0xff, 0]));
    expect([slots.take(), slots.take(), slots.take()]).to.deep.equal([2, 4, 5]);
    slots.free(0);
    slots.free(9);
    expect([slots.take(), slots.take(), slots.take()]).to.deep.equal([0, 6, 7]);
    expect([slots.take(), slots.take()]).to.deep.equal([9, 16]);
    expect(slots.used()).to.equal(17);
    await slots.close();
  });

  it("agrees with a set of numbers whatever is taken and freed", async () => {
    const slots = await open();
    const model = new Set<number>();
    for (let step = 0; step < 20_000; step++) {
      if (model.size === 0 || Math.random() < 0.55) {
        const slot = slots.take();
        expect(model.has(slot), `slot ${slot} twice`).to.equal(false);
        if (step % 50 === 0) for (let i = 0; i < slot; i++) expect(model.has(i), `${i} is free`).to.equal(true);
        model.add(slot);
      } else {
        const slot = [...model][Math.floor(Math.random() * model.size)] as number;
        slots.free(slot);
        model.delete(slot);
      }
      expect(slots.used()).to.equal(model.size);
    }
    await slots.close();
  });

  it("gives the disk back what lies behind the last taken slot, at the next start", async () => {
    const slots = await open(new Uint8Array([0xff]));
    const slot = slots.take();
    await slots.write(slot, randomBytes(SLOT));
    expect(statSync(path).size).to.equal(9 * SLOT);
    await slots.close();
    await (await open(new Uint8Array([0b101]))).close();
    expect(statSync(path).size).to.equal(3 * SLOT);
  });

  it("answers with what there is when the file ends before the slot does", async () => {
    const slots = await open(new Uint8Array([0b11]));
    expect(await slots.read(7, SLOT)).to.have.length(0);
    await slots.close();
  });

  it("refuses more than a slot holds, a slot that is free already, and work after its end", async () => {
    const slots = await open();
    const slot = slots.take();
    await rejection(slots.write(slot, new Uint8Array(SLOT + 1)), "LengthMismatch");
    slots.free(slot);
    expect(() => slots.free(slot)).to.throw("Internal");
    const last = slots.write(slots.take(), new Uint8Array(1));
    await slots.close();
    await last;
    await rejection(slots.read(slot, 1), "Stopping");
  });
});
