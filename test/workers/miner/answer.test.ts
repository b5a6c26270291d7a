import { expect } from "chai";
import { silentLog } from "../../../adapters/log.ts";
import type { Hit as Found } from "../../../adapters/mining.types.ts";
import type { NodeClient } from "../../../adapters/node-client.ts";
import type { Intent } from "../../../adapters/outbox.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { bytesToBig, fromHex, type Hex, toHex } from "../../../protocol/hex.ts";
import type { PoraAnswer } from "../../../protocol/pora.ts";
import { qualityOf, trialOf } from "../../../protocol/pora.ts";
import { recallRangeOf } from "../../../protocol/recallRange.ts";
import { sealRootOf, unseal } from "../../../protocol/seal.ts";
import { WHOLE_LOG } from "../../../protocol/shard.ts";
import { type AnswerDeps, answerHit } from "../../../workers/miner/answer.ts";
import { type MinerDb, openMinerDb } from "../../../workers/miner/db.ts";
import { forgetHits, type HitOf, hitKey, keepHit, openHits } from "../../../workers/miner/hits.ts";
import { ABSENT } from "../../../workers/miner/load-record.ts";
import { applyEvents } from "../../../workers/miner/log.ts";
import type { Pools } from "../../../workers/miner/profit.ts";
import { sealLoad } from "../../../workers/miner/seal.ts";
import { openVault, type Vault } from "../../../workers/miner/vault.ts";
import { plainMining } from "../../fakes/mining.ts";
import { tempDir } from "../../fakes/temp.ts";
import { createWorld, hash, MINER } from "./world.ts";

const never = new AbortController().signal;
const RULES = { sectorsPerPrice: 32_768, maxMiningLength: 65_536 };
const LAST = 50;

describe("a hit", () => {
  const world = createWorld();
  const dir = tempDir("answer");
  let db: MinerDb;
  let vault: Vault;
  let of: HitOf;
  let found: Found[];
  before(async () => {
    db = await openMinerDb(dir.path, WHOLE_LOG);
    await db.setMinerId(MINER);
    vault = await openVault(dir.path, db, WHOLE_LOG);
    await applyEvents(db, [world.submit(600_000), world.submit(5_000), world.epoch(hash("sealer"))]);
    const mining = plainMining();
    for (const load of [2, 3, 4])
      await sealLoad({ db, vault, source: world.source, mining, minerId: MINER }, load, never);
    const range = recallRangeOf(WHOLE_LOG, world.length(), RULES);
    if (range === undefined) throw new Error("nothing to mine");
    of = {
      ...{ epoch: 3, contextDigest: hash("context"), flowRoot: world.root(), flowLength: world.length() },
      ...{ subtaskDigest: hash("subtask"), last: LAST, range },
    };
    found = [];
    const task = { minerId: MINER, subtaskDigest: of.subtaskDigest, range };
    const target = 2n ** 251n;
    await mining.mine(
      { work: task, target, path: vault.path, loads: vault.index, trials: 40 },
      (hit) => found.push(hit),
      never,
    );
    expect(found.length).to.be.greaterThan(20);
  });
  after(async () => {
    await vault.close();
    await db.close();
    dir.remove();
  });

  interface Twist {
    readonly latest?: number;
    readonly pools?: Partial<Pools>;
    readonly cost?: bigint | ZgError;
    readonly leastGain?: number;
    readonly node?: (position: number) => ReturnType<typeof world.proof>;
    readonly flying?: AnswerDeps["flying"];
  }
  const sent: { intent: Intent; answer: PoraAnswer }[] = [];
  let answers: PoraAnswer[] = [];
  const deps = ({
    latest = 40,
    pools,
    cost = 10n,
    leastGain = 1,
    node,
    flying = new Map(),
  }: Twist = {}): AnswerDeps => ({
    ...{ db, vault, minerId: MINER, sectorsPerPrice: RULES.sectorsPerPrice, leastGain, flying, log: silentLog },
    head: () => ({ latest, timestamp: 100 }),
    peers: {
      ask: ({ ask }, signal) =>
        ask({ sectorProof: async (at: number) => (node ?? world.proof)(at) } as unknown as NodeClient, { signal }),
    },
    calls: {
      answer: (quality, answer) => {
        answers.push(answer);
        return { id: `answer-${quality}`, kind: "answer", to: `0x${"77".repeat(20)}`, data: "0x", value: "0" };
      },
      pools: async () => ({ claimable: 100n, deadline: 1_000n, baseReward: 0n, basePool: 0n, ...pools }),
      cost: async () => {
        if (cost instanceof ZgError) throw cost;
        return cost;
      },
    },
    wallet: {
      address: `0x${"99".repeat(20)}`,
      plan: async (intent) => {
        const known = sent.findIndex(({ intent: { id } }) => id === intent.id);
        if (known >= 0) return { nonce: known };
        sent.push({ intent, answer: answers.at(-1) as PoraAnswer });
        return { nonce: sent.length - 1 };
      },
    },
  });
  const next = (): Promise<Hex> => keepHit(db, found.pop() as Found, of);
  const reverts = (error: string) => new ZgError("ChainReverted", { error });
  const dropped = async (quality: Hex, twist: Twist): Promise<string | null | undefined> => {
    const before = sent.length;
    const result = await answerHit(deps(twist), quality, never);
    expect(sent.length).to.equal(before);
    const why = db.get("hits", hitKey(quality))?.dropped;
    expect(result).to.deep.equal({ dropped: why });
    expect(await answerHit(deps(), quality, never)).to.equal(undefined);
    return why;
  };
  beforeEach(() => {
    answers = [];
  });

  it("is not counted as on its way when it could not be planned", async () => {
    const flying = new Map<string, number>();
    const given = deps({ flying });
    const full = { ...given.wallet, plan: () => Promise.reject(new Error("disk full")) };
    const failed = answerHit({ ...given, wallet: full }, await next(), never).catch((error: Error) => error.message);
    expect(await failed).to.equal("disk full");
    expect(flying.size).to.equal(0);
  });

  it("becomes the answer that the chain computes again, word by word", async () => {
    const hit = found.at(-1) as Found;
    const quality = await next();
    expect(await answerHit(deps(), quality, never)).to.deep.equal({ planned: sent.length - 1 });
    const { answer } = sent.at(-1) as (typeof sent)[number];
    const position = hit.position;
    const sealed = fromHex(`0x${answer.sealedData.map((word) => word.slice(2)).join("")}`);
    const data = unseal(sealed, { minerId: MINER, contextDigest: answer.sealedContextDigest, position });
    expect(toHex(sealRootOf(data))).to.equal(toHex(sealRootOf(world.data(position, position + 16))));
    expect(answer.merkleProof).to.deep.equal(world.proof(position).lemma.slice(5, -1));
    const trial = trialOf({ minerId: MINER, subtaskDigest: of.subtaskDigest, range: answer.range }, answer.nonce);
    expect(qualityOf(trial, sealed, answer.sealOffset)).to.equal(bytesToBig(fromHex(quality)));
    expect([answer.minerId, answer.contextDigest, answer.recallPosition]).to.deep.equal([
      MINER,
      hash("context"),
      position,
    ]);
  });

  it("is answered once, however often it is found and asked for, and after a crash between plan and record (A28)", async () => {
    const hit = found.at(-1) as Found;
    const quality = await next();
    await answerHit(deps(), quality, never);
    const before = sent.length;
    expect(await keepHit(db, hit, of)).to.equal(quality);
    expect(await answerHit(deps(), quality, never)).to.equal(undefined);
    // As if the record of the plan had been lost with the process.
    await db.store.write((tx) => {
      const known = db.read(tx, "hits", hitKey(quality));
      if (known !== undefined) db.put(tx, "hits", hitKey(quality), { ...known, slot: null });
    });
    expect(openHits(db)).to.include(quality);
    expect(await answerHit(deps(), quality, never)).to.deep.equal({ planned: before - 1 });
    expect(sent.length).to.equal(before);
  });

  it("that somebody copied and sent first is not sent again: it pays us all the same (A27)", async () => {
    expect(await dropped(await next(), { cost: reverts("AnswerTwice") })).to.equal("AnswerTwice");
  });

  it("is dropped when the chain says that it is late, full or of another context (A22)", async () => {
    for (const error of ["OutsideWindow", "EpochFull", "WrongContext", "BlockHashUnknown", "NoMining"]) {
      expect(await dropped(await next(), { cost: reverts(error) })).to.equal(error);
    }
    expect(await dropped(await next(), { latest: LAST })).to.equal("late");
  });

  it("is not sent for less than its gas, nor into a chunk that pays nobody", async () => {
    expect(await dropped(await next(), { cost: 51n })).to.equal("earns 50 wei for 51 wei of gas");
    expect(await dropped(await next(), { cost: 26n, leastGain: 2 })).to.equal("earns 50 wei for 26 wei of gas");
    expect(await dropped(await next(), { pools: { deadline: 100n }, leastGain: 0 })).to.match(/^earns 0 wei/);
    expect(await dropped(await next(), { pools: { claimable: 1n }, leastGain: 0 })).to.match(/^earns 0 wei/);
    expect(await answerHit(deps({ cost: 50n }), await next(), never)).to.have.property("planned");
  });

  it("counts on no more than what those ahead of it leave", async () => {
    const flying = new Map([["answer-1", 0]]);
    expect(await dropped(await next(), { cost: 26n, flying })).to.equal("earns 25 wei for 26 wei of gas");
    const elsewhere = new Map([["answer-1", 7]]);
    expect(await answerHit(deps({ cost: 50n, flying: elsewhere }), await next(), never)).to.have.property("planned");
    expect([...elsewhere.values()].sort()).to.deep.equal([0, 7]);
  });

  it("waits while so many are on their way that it might come too late", async () => {
    const quality = await next();
    const flying = new Map(Array.from({ length: 4 }, (_, i) => [`answer-${i}`, 1]));
    expect(await answerHit(deps({ flying, latest: LAST - 40 }), quality, never)).to.equal("wait");
    flying.delete("answer-0");
    expect(await answerHit(deps({ flying, latest: LAST - 6 }), quality, never)).to.equal("wait");
    expect(await answerHit(deps({ flying, latest: LAST - 7 }), quality, never)).to.have.property("planned");
  });

  it("waits for its proof, and for a chain that is away", async () => {
    const quality = await next();
    const code = (twist: Twist) =>
      answerHit(deps(twist), quality, never).then(
        () => undefined,
        (error: ZgError) => [error.code, error.retryable],
      );
    expect(await code({ node: () => world.proof(16) })).to.deep.equal(["NotStored", true]);
    expect(await code({ cost: new ZgError("ChainUnreachable") })).to.deep.equal(["ChainUnreachable", true]);
    expect(await answerHit(deps(), quality, never)).to.have.property("planned");
  });

  it("in a seal that the disk forgot is dropped, and the seal is made again", async () => {
    const hit = found.at(-1) as Found;
    const quality = await next();
    const load = Math.floor(hit.position / 1024);
    const slot = vault.record(load).slot as number;
    const good = await vault.read(slot);
    const bad = good.slice();
    bad[hit.sealOffset * 4096 + 1000] = (bad[hit.sealOffset * 4096 + 1000] as number) ^ 1;
    await vault.write(slot, bad);
    expect(await dropped(quality, {})).to.equal("rotten");
    expect(vault.record(load).seals[hit.sealOffset]).to.equal(ABSENT);
    const table = vault.index.table();
    expect((table.filled[8 * load + (hit.sealOffset >> 3)] as number) & (1 << (hit.sealOffset & 7))).to.equal(0);
    const mining = plainMining();
    expect((await sealLoad({ db, vault, source: world.source, mining, minerId: MINER }, load, never)).sealed).to.equal(
      1,
    );
    expect(toHex(await vault.read(slot))).to.equal(toHex(good));
  });

  it("is forgotten when its window is long over", async () => {
    await forgetHits(db, LAST + 64);
    expect([...db.rows("hits")].length).to.be.greaterThan(0);
    await forgetHits(db, LAST + 65);
    expect([...db.rows("hits")]).to.deep.equal([]);
  });
});
