import { expect } from "chai";
import fc from "fast-check";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { decodeManifest, encodeManifest, isManifest, type ManifestFile } from "../../protocol/manifest.ts";

const root: Hex = `0x${"ab".repeat(32)}`;
const file = (path: string, length = 3): ManifestFile => ({ path, length, root: length === 0 ? null : root });
const whyNot = (work: () => unknown): string => {
  try {
    work();
    return "taken";
  } catch (error) {
    if (error instanceof ZgError && error.code === "BadManifest") return String(error.fields.why);
    throw error;
  }
};
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a folder's manifest", () => {
  it("is one text for one folder, whatever order its files were found in", () => {
    const files = [file("b"), file("a/c"), file("a-b"), file("ü", 0)];
    const bytes = encodeManifest(files);
    expect(Buffer.from(bytes).toString()).to.equal(
      `{"format":"zerog-folder/1","files":[${[file("a-b"), file("a/c"), file("b"), file("ü", 0)].map((f) => JSON.stringify(f)).join(",")}]}\n`,
    );
    expect(encodeManifest(files.reverse())).to.deep.equal(bytes);
    expect(decodeManifest(bytes).map(({ path }) => path)).to.deep.equal(["a-b", "a/c", "b", "ü"]);
    expect(isManifest(bytes)).to.equal(true);
  });

  it("of any paths is read as it was written", () => {
    const name = fc.stringMatching(/^[a-z0-9 äß.]{1,8}$/).filter((part) => part !== "." && part !== "..");
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => ["f", ...parts].join("/"));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 20 }), (paths) => {
        const leaves = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
        const files = leaves.map((leaf, index) => file(leaf, index));
        const bytes = encodeManifest(files);
        expect(encodeManifest(decodeManifest(bytes))).to.deep.equal(bytes);
        expect(decodeManifest(bytes)).to.have.deep.members(files);
      }),
    );
  });

  it("leads nowhere but into its folder", () => {
    const paths = [
      "",
      "/a",
      "a/",
      "a//b",
      ".",
      "..",
      "../a",
      "a/../b",
      "a/./b",
      "a\\b",
      "C:a",
      "a\0b",
      "a\nb",
      "\ud800",
    ];
    for (const path of [...paths, "x".repeat(256), Array(2_100).fill("x").join("/")]) {
      expect(
        whyNot(() => encodeManifest([file(path)])),
        path.slice(0, 20),
      ).to.include("a ");
      const forged = text(`{"format":"zerog-folder/1","files":[${JSON.stringify(file(path))}]}\n`);
      expect(
        whyNot(() => decodeManifest(forged)),
        path.slice(0, 20),
      ).not.to.equal("taken");
    }
  });

  it("has no path twice, and none that is a folder too", () => {
    expect(whyNot(() => encodeManifest([file("a"), file("a")]))).to.equal("a path twice");
    expect(whyNot(() => encodeManifest([file("a"), file("a-"), file("a/b/c")]))).to.equal("both a file and a folder");
  });

  it("gives a root to what has bytes, and to nothing else", () => {
    expect(whyNot(() => encodeManifest([{ path: "a", length: 0, root }]))).to.include("a root");
    expect(whyNot(() => encodeManifest([{ path: "a", length: 1, root: null }]))).to.include("a root");
    for (const length of [-1, 1.5, 2 ** 53])
      expect(whyNot(() => encodeManifest([file("a", length)]))).to.equal("length");
  });

  it("written in another way is refused: cut anywhere, with spaces, unsorted, with more fields", () => {
    const bytes = encodeManifest([file("a"), file("b")]);
    for (let at = 0; at < bytes.length; at++)
      expect(whyNot(() => decodeManifest(bytes.subarray(0, at)))).not.to.equal("taken");
    const list = (...files: unknown[]) => text(`{"format":"zerog-folder/1","files":${JSON.stringify(files)}}\n`);
    expect(whyNot(() => decodeManifest(list(file("a"), file("b"))))).to.equal("taken");
    expect(whyNot(() => decodeManifest(list(file("b"), file("a"))))).to.equal("written in another way");
    expect(whyNot(() => decodeManifest(list({ ...file("a"), mode: 1 })))).to.equal("written in another way");
    expect(whyNot(() => decodeManifest(list({ length: 3, path: "a", root })))).to.equal("written in another way");
    expect(whyNot(() => decodeManifest(list({ ...file("a"), root: root.toUpperCase() })))).to.equal("not a file");
    for (const odd of [null, 1, [], {}, { path: 1, length: 1, root }]) {
      expect(whyNot(() => decodeManifest(list(odd)))).to.equal("not a file");
    }
    expect(whyNot(() => decodeManifest(text(`{"format":"zerog-folder/1","files":[]}\n x`)))).not.to.equal("taken");
    expect(whyNot(() => decodeManifest(text('{"format":"zerog-folder/1","files":{}}\n')))).to.equal("not a manifest");
  });
});
