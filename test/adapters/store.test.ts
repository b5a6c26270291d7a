import { expect } from "chai";
import { openStore, type Store } from "../../adapters/store.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const keys = (entries: Iterable<{ key: string }>): string[] => [...entries].map(({ key }) => key);

describe("store", () => {
  const dir = tempDir("store");
  let store: Store;
  const tables = ["rows", "meta"];
  before(async () => {
    store = await openStore(dir.path, { tables });
    await store.write((tx) => {
      for (const key of ["x/1", "x/2", "x/3", "y/1"]) tx.put("meta", key, bytes(key));
    });
  });
  after(async () => {
    await store.close();
    dir.remove();
  });

  it("reads ranges up and down", () => {
    const meta = store.table("meta");
    expect(keys(meta.range())).to.deep.equal(["x/1", "x/2", "x/3", "y/1"]);
    expect(keys(meta.range({ prefix: "x/" }))).to.deep.equal(["x/1", "x/2", "x/3"]);
    expect(keys(meta.range({ prefix: "x/", reverse: true }))).to.deep.equal(["x/3", "x/2", "x/1"]);
    expect(keys(meta.range({ start: "x/2", end: "y/1" }))).to.deep.equal(["x/2", "x/3"]);
    expect(keys(meta.range({ start: "x/2", end: "y/1", reverse: true }))).to.deep.equal(["x/3", "x/2"]);
    expect(keys(meta.range({ limit: 2, reverse: true }))).to.deep.equal(["y/1", "x/3"]);
    expect([...meta.keys({ prefix: "x/", limit: 1 })]).to.deep.equal(["x/1"]);
    expect(meta.count({ prefix: "x/" })).to.equal(3);
  });

  it("undoes all of a change that throws, and only that one", async () => {
    const bad = store.write((tx) => {
      tx.put("meta", "z/bad", bytes("no"));
      throw new Error("changed my mind");
    });
    const good = store.write((tx) => tx.put("meta", "z/good", bytes("yes")));
    expect(await bad.catch((error: Error) => error.message)).to.equal("changed my mind");
    await good;
    expect(store.table("meta").has("z/bad")).to.equal(false);
    expect(store.table("meta").has("z/good")).to.equal(true);
  });

  it("lets a change read its own writes and gives back its result", async () => {
    const seen = await store.write((tx) => {
      tx.put("rows", "r", bytes("new"));
      const first = tx.get("rows", "r");
      tx.delete("rows", "r");
      return [Buffer.from(first ?? []).toString(), tx.get("rows", "r")];
    });
    expect(seen).to.deep.equal(["new", undefined]);
    expect(store.table("rows").get("r")).to.equal(undefined);
  });

  it("gives out copies that later writes do not touch", async () => {
    await store.write((tx) => tx.put("rows", "row", Buffer.alloc(262_144, 7)));
    const before = store.table("rows").get("row");
    await store.write((tx) => tx.put("rows", "row", Buffer.alloc(262_144, 9)));
    expect(before?.every((byte) => byte === 7)).to.equal(true);
  });

  it("lends a value without copying it, as long as it is and no longer", async () => {
    await store.write((tx) => tx.put("rows", "long", Buffer.alloc(40_000, 7)));
    await store.write((tx) => tx.put("rows", "short", Buffer.alloc(10, 8)));
    const { look } = store.table("rows");
    expect(look("long", (value) => value[39_999])).to.equal(7);
    expect(look("short", (value) => [...value.subarray(0, 100)])).to.deep.equal(Array(10).fill(8));
    expect(look("none", () => true)).to.equal(undefined);
  });

  it("counts increments of concurrent changes without losing one", async () => {
    const count = (): number => Number(Buffer.from(store.table("meta").get("count") ?? bytes("0")).toString());
    const increment = (): Promise<void> =>
      store.write((tx) => {
        const now = Number(Buffer.from(tx.get("meta", "count") ?? bytes("0")).toString());
        tx.put("meta", "count", bytes(String(now + 1)));
      });
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(count()).to.equal(100);
  });

  it("is there again after it was closed", async () => {
    const again = tempDir("store-again");
    const first = await openStore(again.path, { tables });
    await first.write((tx) => tx.put("rows", "k", bytes("kept")));
    await first.close();
    const second = await openStore(again.path, { tables });
    expect(Buffer.from(second.table("rows").get("k") ?? []).toString()).to.equal("kept");
    await second.close();
    await rejection(
      second.write((tx) => tx.put("rows", "k", bytes("x"))),
      "Stopping",
    );
    again.remove();
  });

  it("refuses keys that lmdb would not hold", async () => {
    await rejection(
      store.write((tx) => tx.put("rows", "", bytes("x"))),
      "BadRequest",
    );
    await rejection(
      store.write((tx) => tx.put("rows", "k".repeat(1025), bytes("x"))),
      "BadRequest",
    );
  });
});
