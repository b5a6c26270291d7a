import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { sectionOf } from "../../scripts/docs/sections.ts";
import { parseThreats } from "../../scripts/docs/threats.ts";
import { drawTree, parseTree, updateTree } from "../../scripts/docs/tree.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const documents = ["README.md", ...globSync("docs/**/*.md", { cwd: ROOT })];
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("the documents", () => {
  it("have the tree, the route and the codes as they are", () => {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/docs.ts", "--check"], { cwd: ROOT });
    expect(status, String(stdout)).to.equal(0);
  });

  it("explain every name in the tree", () => {
    const [, tree = ""] = /<!-- tree -->\n([\s\S]*?)<!-- \/tree -->/.exec(read("README.md")) ?? [];
    const silent = parseTree(tree).filter(({ note }) => note === "");
    expect(silent.map(({ path }) => path)).to.deep.equal([]);
  });

  it("name only files that exist", () => {
    const missing: string[] = [];
    for (const document of documents) {
      const prose = read(document).replace(/```[\s\S]*?```/g, "");
      for (const [, path = ""] of prose.matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)) {
        const ours = /^(adapters|bench|contracts|devnet|docs|ignition|protocol|scripts|snapshots|tasks|test|workers)\//;
        if (ours.test(path) && !existsSync(join(ROOT, path))) missing.push(`${document}: ${path}`);
      }
      for (const [, link = ""] of prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(join(ROOT, dirname(document), link))) missing.push(`${document}: ${link}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it("have the parameters of every network as they are deployed", () => {
    const networks = ["devnet", "sepolia", "zerogTestnet"];
    const files = networks.map(
      (name) => JSON.parse(read(`ignition/parameters/${name}.json`)) as { System: Record<string, string> },
    );
    const rows = new Map(
      [...read("docs/parameters.md").matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|/gm)].map(
        ([, name, ...values]) => [name, values],
      ),
    );
    for (const name of Object.keys(files[0]?.System ?? {})) {
      expect(rows.get(name), name).to.deep.equal(files.map(({ System }) => System[name]?.replace(/n$/, "")));
    }
  });

  it("name a test for every attack", () => {
    const table = sectionOf(read("docs/threats.md"), "threats");
    const untested = table.split("\n").filter((line) => /\| *\|$/.test(line));
    expect(parseThreats(table).length).to.be.above(40);
    expect(untested).to.deep.equal([]);
  });

  it("say nothing about the machine they were written on", () => {
    const tracked = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT }).toString().split("\n").filter(Boolean);
    for (const document of tracked) expect(read(document), document).not.to.match(/\/(work|home|root|tmp)\//);
  });
});

describe("the program that draws the tree", () => {
  const files = ["README.md", "a/x.ts", "a/b/y.ts", "c/z.ts", ".hidden/w", ".ci/run"];

  it("opens what was open, keeps notes, adds what is new, drops what is gone", () => {
    const old = parseTree("a/    folder\n  gone.ts   was here\n  x.ts    note of x\nREADME.md   this");
    const now = updateTree(old, files, (path) => `new ${path}`);
    expect(now).to.deep.equal([
      { path: ".ci/", note: "new .ci/" },
      { path: "a/", note: "folder" },
      { path: "a/b/", note: "new a/b/" },
      { path: "a/x.ts", note: "note of x" },
      { path: "c/", note: "new c/" },
      { path: "README.md", note: "this" },
    ]);
  });

  it("reads what it draws", () => {
    const entries = updateTree(parseTree("a/\n  b/\n    y.ts"), files, () => "note");
    expect(parseTree(drawTree(entries))).to.deep.equal(entries);
  });
});
