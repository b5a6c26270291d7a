/** The log store against a model that does everything the slow way, in random order. */
import { expect } from "chai";
import { proofOf } from "../../../../protocol/file.ts";
import { holds, type Shard, segmentInLog } from "../../../../protocol/shard.ts";
import type { Entry } from "../../../../workers/storage/log/index.ts";
import { rejection } from "../../../fakes/errors.ts";
import { tempDir } from "../../../fakes/temp.ts";
import { audit, fileOf, openTestLog, putAll, randomFile, type TestFile, type TestLog } from "./files.ts";

const SEGMENT = 262_144;
const CACHED_MS = 300_000;

/** Numbers that are the same for the same seed. */
const randomOf = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

interface ModelFile {
  readonly file: TestFile;
  readonly held: Set<number>;
  /** Roots or a segment came. */
  known: boolean;
  since: number | undefined;
}

class Model {
  readonly files: ModelFile[];
  entries: Entry[] = [];
  shard: Shard = { shardId: 0, numShard: 1 };
  now = 0;

  constructor(files: readonly TestFile[]) {
    this.files = files.map((file) => ({ file, held: new Set(), known: false, since: undefined }));
  }

  names = ({ file }: ModelFile): Entry[] =>
    this.entries.filter(({ root, length }) => root === file.root && length === file.length);
  wanted = ({ file }: ModelFile, { start }: Entry): number[] =>
    Array.from({ length: file.shape.segments }, (_, i) => i).filter((i) => holds(this.shard, segmentInLog(start, i)));
  isWanted = (of: ModelFile, index: number): boolean =>
    this.names(of).some((entry) => this.wanted(of, entry).includes(index));
  fileOf = (entry: Entry): ModelFile =>
    this.files.find(({ file }) => file.root === entry.root && file.length === entry.length) as ModelFile;
  isWhole = (entry: Entry): boolean => {
    const of = this.fileOf(entry);
    return this.wanted(of, entry).every((index) => of.held.has(index));
  };
  prune = (of: ModelFile): void => {
    if (this.names(of).length === 0) return;
    of.since = undefined;
    for (const index of [...of.held]) if (!this.isWanted(of, index)) of.held.delete(index);
  };
  /** After a name has gone. */
  leave = (of: ModelFile): void => {
    if (of.known && of.since === undefined && this.names(of).length === 0) of.since = this.now;
  };
}

describe("the log store and a model of it", function () {
  this.timeout(120_000);
  const dir = tempDir("model");
  after(() => dir.remove());

  const same = randomFile(700, "same");
  const files: TestFile[] = [
    ...[1, 5000, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 5 * SEGMENT + 77].map((length) => randomFile(length, length)),
    fileOf(Buffer.concat([same.bytes, Buffer.alloc(100)])),
    fileOf(Buffer.concat([same.bytes, Buffer.alloc(50)])),
  ];

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`agree on everything whatever happens (${seed})`, async () => {
      const random = randomOf(seed * 7919);
      const model = new Model(files);
      const path = `${dir.path}/${seed}`;
      const open = (): Promise<TestLog> => openTestLog(path, { now: () => model.now });
      let node = await open();
      let block = 0;

      const steps: Record<string, (of: ModelFile) => Promise<void>> = {
        add: async (of) => {
          block += random(2);
          model.entries.push(...(await node.add([of.file], { block, fork: `${block}/${model.entries.length}` })));
          model.prune(of);
        },
        roots: async (of) => {
          await node.log.putRoots(of.file, of.file.roots);
          if (of.file.shape.paddedSegments === 1) return;
          if (!of.known && model.names(of).length === 0) of.since = model.now;
          of.known = true;
        },
        segment: async (of) => {
          const index = random(of.file.shape.segments);
          const proof = proofOf(of.file.shape, of.file.roots, index);
          const put = node.log.putSegment(of.file, index, of.file.segment(index), proof);
          const named = model.names(of).length > 0;
          if (named && !model.isWanted(of, index)) {
            await rejection(put, "NotInShard");
            return;
          }
          expect(await put).to.equal(!of.held.has(index));
          if (!of.known && !named) of.since = model.now;
          of.known = true;
          of.held.add(index);
        },
        whole: async (of) => {
          const all = Array.from({ length: of.file.shape.segments }, (_, index) => index);
          const named = model.names(of).length > 0;
          const wanted = all.filter((index) => !named || model.isWanted(of, index));
          if (wanted.length === 0) return;
          await putAll(node.log, of.file, wanted);
          if (!of.known && !named) of.since = model.now;
          of.known = true;
          for (const index of wanted) of.held.add(index);
        },
        revert: async () => {
          const ancestor = Math.max(0, block - random(4));
          await node.log.revert(ancestor);
          model.entries = model.entries.filter((entry) => entry.block.number <= ancestor);
          for (const of of model.files) model.leave(of);
          block = ancestor + 1;
        },
        sweep: async () => {
          model.now += random(200_000);
          await node.log.sweep();
          for (const of of model.files) {
            if (of.since === undefined || of.since + CACHED_MS > model.now) continue;
            [of.known, of.since] = [false, undefined];
            of.held.clear();
          }
        },
        halve: async () => {
          if (random(12) > 0 || model.shard.numShard === 8) return;
          model.shard = await node.log.halve();
          await node.log.pruned();
          for (const of of model.files) model.prune(of);
        },
        restart: async () => {
          await node.close();
          node = await open();
        },
      };
      const often = ["add", "add", "roots", "segment", "segment", "segment", "whole", "revert", "sweep", "halve"];

      for (let step = 0; step < 250; step++) {
        const name = random(25) === 0 ? "restart" : (often[random(often.length)] as string);
        await steps[name]?.(model.files[random(model.files.length)] as ModelFile);
        audit(node);
        const { log } = node;
        const what = `step ${step}: ${name}`;
        expect(log.tip().nextTxSeq, what).to.equal(model.entries.length);
        expect(log.shard()).to.deep.equal(model.shard);
        const pending = model.entries.filter((entry) => !model.isWhole(entry)).map(({ txSeq }) => txSeq);
        expect(log.pending(0, 10_000), what).to.deep.equal(pending);
        for (const entry of model.entries) {
          const of = model.fileOf(entry);
          const wanted = model.wanted(of, entry);
          const info = log.info(entry.txSeq);
          expect(info?.entry, what).to.deep.equal(entry);
          expect(info?.held, what).to.equal(wanted.filter((index) => of.held.has(index)).length);
          expect(log.missing(entry.txSeq, 0, 100)).to.deep.equal(wanted.filter((index) => !of.held.has(index)));
        }
        expect(log.usage().segments, what).to.equal(model.files.reduce((sum, { held }) => sum + held.size, 0));
        const cached = model.files.filter(({ since }) => since !== undefined);
        expect(log.usage().cached, what).to.equal(cached.reduce((sum, { held }) => sum + Math.max(1, held.size), 0));
      }
      for (const of of model.files) {
        for (const index of of.held) {
          expect(Buffer.from(await node.log.segment(of.file, index)).equals(of.file.segment(index))).to.equal(true);
        }
      }
      await node.close();
    });
  }
});
