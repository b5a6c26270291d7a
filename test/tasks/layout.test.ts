import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { layoutOf } from "../../tasks/lib/layout.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";

const NOTHING_ASKED = { storageNodes: 0, shards: 0, quota: 0, miners: -1, minerShards: 0 };

describe("the storage nodes of a folder", () => {
  let folder: ReturnType<typeof tempDir>;
  beforeEach(() => {
    folder = tempDir("layout");
  });
  afterEach(() => folder.remove());

  it("are two that keep everything, where nothing is asked and nothing was there", async () => {
    const { storageNodes, storage } = await layoutOf(folder.path, NOTHING_ASKED);
    expect({ storageNodes, storage }).to.deep.equal({ storageNodes: 2, storage: { shards: 1 } });
  });

  it("are at the next start what they were at the last one", async () => {
    const made = await layoutOf(folder.path, { ...NOTHING_ASKED, storageNodes: 4, shards: 2, quota: 3 });
    expect(made.storage).to.deep.equal({ shards: 2, quotaSectors: 3 * 2 ** 22 });
    expect((await layoutOf(folder.path, NOTHING_ASKED)).storageNodes).to.equal(2);
    await made.keep();
    const { storageNodes, storage } = await layoutOf(folder.path, NOTHING_ASKED);
    expect({ storageNodes, storage }).to.deep.equal({ storageNodes: 4, storage: made.storage });
    await (await layoutOf(folder.path, { ...NOTHING_ASKED, storageNodes: 6 })).keep();
    expect((await layoutOf(folder.path, NOTHING_ASKED)).storageNodes).to.equal(6);
  });

  it("are refused when a shard would be nobody's", async () => {
    await rejection(layoutOf(folder.path, { ...NOTHING_ASKED, storageNodes: 2, shards: 4 }), "BadConfig");
    await rejection(layoutOf(folder.path, { ...NOTHING_ASKED, storageNodes: 4, shards: 3 }), "BadConfig");
    await rejection(layoutOf(folder.path, { ...NOTHING_ASKED, storageNodes: -1, shards: 1 }), "BadConfig");
  });

  it("have one miner beside them, or as many as were asked for, none too", async () => {
    const miners = async (asked: Partial<typeof NOTHING_ASKED>) => {
      const layout = await layoutOf(folder.path, { ...NOTHING_ASKED, ...asked });
      await layout.keep();
      return [layout.miners, layout.minerShards];
    };
    expect(await miners({})).to.deep.equal([1, 1]);
    expect(await miners({ miners: 3, minerShards: 2 })).to.deep.equal([3, 2]);
    expect(await miners({})).to.deep.equal([3, 2]);
    expect(await miners({ miners: 0 })).to.deep.equal([0, 2]);
    expect(await miners({})).to.deep.equal([0, 2]);
    await rejection(miners({ miners: -2 }), "BadConfig");
    await rejection(miners({ minerShards: 3 }), "BadConfig");
  });

  it("had a miner even before there were any", async () => {
    writeFileSync(join(folder.path, "layout.json"), JSON.stringify({ storageNodes: 3, shards: 1, quota: 0 }));
    const { storageNodes, miners, minerShards } = await layoutOf(folder.path, NOTHING_ASKED);
    expect({ storageNodes, miners, minerShards }).to.deep.equal({ storageNodes: 3, miners: 1, minerShards: 1 });
  });
});
