import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
  const pathsOf = (name: string) => ({ path: join(dir.path, name), part: join(dir.path, `${name}.part`) });
  const open = (name: string, of = file) => openPart(pathsOf(name), of.root, shapeOf(of.length), of.roots);

  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: ZgError) => error.code,
    );

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

  it("of another file begins anew", async () => {
    const part = await open("other");
    await part.write(0, file.segment(0));
    await part.save();
    await part.close();
    const other = await open("other", testFile(file.length, 4));
    expect(other.held).to.equal(0);
    await other.save();
    await other.close();
    const next = await open("other", testFile(file.length, 4));
    expect([...next.missing()]).to.have.length(shape.segments);
    await next.close();
  });

  it("that was killed before anything was on record begins anew", async () => {
    await (await open("killed")).close();
    const next = await open("killed");
    expect(next.held).to.equal(0);
    await next.close();
  });

  it("touches no file that is not its own", async () => {
    for (const name of ["mine.part", "mine2.part.json", "linked.part.json"]) writeFileSync(join(dir.path, name), "{}");
    symlinkSync(join(dir.path, "mine.part"), join(dir.path, "linked.part"));
    for (const name of ["mine", "mine2", "linked"]) expect(await codeOf(open(name)), name).to.equal("FileUnwritable");
    writeFileSync(
      join(dir.path, "linked.part.json"),
      JSON.stringify({ root: file.root, length: file.length, written: "" }),
    );
    expect(await codeOf(open("linked"))).to.equal("FileUnwritable");
    for (const name of ["mine.part", "mine2.part.json"]) {
      expect(readFileSync(join(dir.path, name), "utf8")).to.equal("{}");
    }
  });

  it("whose place another file took is not given its name", async () => {
    const part = await open("swapped");
    for (let index = 0; index < 6; index++) await part.write(index, file.segment(index));
    rmSync(join(dir.path, "swapped.part"));
    writeFileSync(join(dir.path, "swapped.part"), "other");
    expect(await codeOf(part.finish())).to.equal("FileUnwritable");
    await part.close();
    expect(existsSync(join(dir.path, "swapped"))).to.equal(false);
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
