import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { ZgError } from "../../../protocol/errors.ts";
import { shapeOf } from "../../../protocol/file.ts";
import { openPart } from "../../../workers/downloader/part.ts";
import { testFile } from "../../fakes/fileNode.ts";
import { tempDir } from "../../fakes/temp.ts";

describe("a download that is under way", () => {
  const dir = tempDir("part");
  after(() => dir.remove());
  const file = testFile(5 * 262_144 + 777, 3);
  const shape = shapeOf(file.length);
  const open = (name: string, of = file) => openPart(join(dir.path, name), of.root, shapeOf(of.length), of.roots);

  it("takes segments in any order, and its name when it is whole", async () => {
    const part = await open("deep/er/any");
    expect([...part.missing()]).to.deep.equal([0, 1, 2, 3, 4, 5]);
    for (const index of [5, 0, 3, 1, 4, 2]) await part.write(index, file.segment(index));
    expect(existsSync(join(dir.path, "deep/er/any"))).to.equal(false);
    await part.finish();
    await part.close();
    expect(readFileSync(join(dir.path, "deep/er/any")).equals(file.bytes)).to.equal(true);
    expect(existsSync(join(dir.path, "deep/er/any.part"))).to.equal(false);
    expect(existsSync(join(dir.path, "deep/er/any.part.json"))).to.equal(false);
  });

  it("goes on with what was saved, and with no more than is true of it", async () => {
    const part = await open("again");
    for (const index of [0, 2, 5]) await part.write(index, file.segment(index));
    await part.save();
    await part.write(1, file.segment(1));
    await part.close();
    // One of them rots meanwhile.
    const path = join(dir.path, "again.part");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(2 * 262_144 + 9) ^ 1, 2 * 262_144 + 9);
    writeFileSync(path, bytes);
    const next = await open("again");
    expect([...next.missing()]).to.deep.equal([1, 2, 3, 4]);
    expect(next.held).to.equal(262_144 + 777);
    for (const index of next.missing()) await next.write(index, file.segment(index));
    await next.finish();
    await next.close();
    expect(readFileSync(join(dir.path, "again")).equals(file.bytes)).to.equal(true);
  });

  it("of another file, or with a record that is none, begins anew", async () => {
    const part = await open("other");
    await part.write(0, file.segment(0));
    await part.save();
    await part.close();
    const other = await open("other", testFile(file.length, 4));
    expect(other.held).to.equal(0);
    await other.save();
    await other.close();
    writeFileSync(join(dir.path, "other.part.json"), "{");
    const broken = await open("other");
    expect([...broken.missing()]).to.have.length(shape.segments);
    await broken.close();
  });

  it("that was longer ends where the file ends", async () => {
    const part = await open("long");
    for (let index = 0; index < 6; index++) await part.write(index, file.segment(index));
    await part.save();
    await part.close();
    const path = join(dir.path, "long.part");
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("more")]));
    const next = await open("long");
    expect([...next.missing()]).to.deep.equal([]);
    await next.finish();
    await next.close();
    expect(readFileSync(join(dir.path, "long")).length).to.equal(file.length);
  });

  it("can not have the name of a folder, or lie below a file", async () => {
    await mkdir(join(dir.path, "folder"));
    const part = await open("folder");
    for (let index = 0; index < 6; index++) await part.write(index, file.segment(index));
    const refused = await part.finish().catch((error: ZgError) => error.code);
    expect(refused).to.equal("FileUnwritable");
    await part.close();
    writeFileSync(join(dir.path, "plain"), "");
    expect(await open("plain/below").catch((error: ZgError) => error.code)).to.equal("FileUnwritable");
  });
});
