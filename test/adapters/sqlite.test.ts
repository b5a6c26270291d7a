import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect } from "chai";
import { openSqlite, type Sqlite } from "../../adapters/sqlite.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";

const SCHEMA = ["CREATE TABLE pairs (key BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"];

describe("sqlite", () => {
  const dir = tempDir("sqlite");
  const path = `${dir.path}/folder/a.sqlite`;
  let db: Sqlite;
  beforeEach(async () => {
    db = await openSqlite(path, { schema: SCHEMA });
  });
  afterEach(() => db.close());
  after(() => dir.remove());
  const put = (key: Uint8Array, value: number): number => db.run("INSERT INTO pairs VALUES (?, ?)", key, value);
  const count = (): unknown => db.get("SELECT COUNT(*) AS n FROM pairs")?.n;
  const codeOf = (work: () => unknown): ErrorCode | undefined => {
    try {
      work();
    } catch (error) {
      if (error instanceof ZgError) return error.code;
      throw error;
    }
    return undefined;
  };

  it("keeps keys of sixteen mebibytes, in the order of their bytes", () => {
    const long = new Uint8Array(2 ** 24 - 1).fill(7);
    put(Uint8Array.of(8), 3);
    put(long, 2);
    put(Uint8Array.of(7, 6, 255), 1);
    expect(db.all("SELECT value FROM pairs ORDER BY key").map(({ value }) => value)).to.deep.equal([1, 2, 3]);
    expect(db.get("SELECT value FROM pairs WHERE key = ?", long)).to.deep.include({ value: 2 });
    expect([...db.walk("SELECT key FROM pairs WHERE key > ?", long)].map(({ key }) => key)).to.deep.equal([
      Uint8Array.of(8),
    ]);
  });

  it("does all of a write or nothing, and a write within it is part of it", () => {
    const before = count();
    const half = (): void => {
      db.write(() => {
        db.write(() => put(Uint8Array.of(1), 1));
        throw new ZgError("Busy");
      });
    };
    expect(codeOf(half)).to.equal("Busy");
    expect(count()).to.equal(before);
    expect(db.write(() => put(Uint8Array.of(1), 1))).to.equal(1);
    expect(count()).to.equal(Number(before) + 1);
  });

  it("has what was written after it was opened again, and refuses a file of a newer program", async () => {
    const at = `${dir.path}/again.sqlite`;
    const first = await openSqlite(at, { schema: SCHEMA });
    first.run("INSERT INTO pairs VALUES (?, 1)", Uint8Array.of(1));
    first.close();
    const second = await openSqlite(at, { schema: [...SCHEMA, "CREATE TABLE more (n INTEGER)"] });
    expect(second.all("SELECT value FROM pairs").map(({ value }) => value)).to.deep.equal([1]);
    expect(second.all("SELECT * FROM more")).to.deep.equal([]);
    second.close();
    await rejection(openSqlite(at, { schema: SCHEMA }), "CorruptObject");
  });

  it("names its failures: a mistake of ours, a second process, a file that is none", async () => {
    expect(codeOf(() => db.all("SELECT nothing"))).to.equal("Internal");
    const other = `import { openSqlite } from "./adapters/sqlite.ts";
      const code = await openSqlite(${JSON.stringify(path)}, { schema: [] }).then(() => "opened", (error) => error.code);
      process.stdout.write(code);`;
    const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", other], { encoding: "utf8" });
    expect(child.stdout, child.stderr).to.equal("DataFolderLocked");
    const broken = `${dir.path}/broken.sqlite`;
    writeFileSync(broken, Buffer.alloc(8_192, 1));
    await rejection(openSqlite(broken, { schema: SCHEMA }), "CorruptObject");
  });

  it("is quiet about being experimental, and about nothing else", () => {
    const program = `import { openSqlite } from "./adapters/sqlite.ts";
      (await openSqlite(${JSON.stringify(`${dir.path}/quiet.sqlite`)}, { schema: [] })).close();
      process.emitWarning("still heard");`;
    const child = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program], { encoding: "utf8" });
    expect(child.stderr).to.contain("still heard").and.not.contain("SQLite");
  });
});
