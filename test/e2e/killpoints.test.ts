import { expect } from "chai";
import { workersOf } from "../../devnet/parties.ts";
import { toHex } from "../../protocol/hex.ts";
import { crashpoints } from "../fakes/crashpoints.ts";
import { type FileSender, openFileSender, type SentFile } from "./files.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";
import { startVictim, type Victim } from "./victim.ts";

/** Who passes a point, by the folder its name stands in. Adapters are listed by name: more than one worker uses them. */
const BY_FOLDER: Record<string, string> = {
  "workers/disperser": "disperser",
  "workers/encoder": "encoder",
  "workers/batcher": "batcher",
  "workers/sender": "sender",
  "workers/storage": "storage-0",
  "workers/validator": "validator-0",
  "workers/kv": "kv-0",
};
const BY_NAME: Record<string, string> = {
  "slot-planned": "batcher",
  "tx-signed": "sender",
  "outbox-written": "sender",
  "tx-sent": "sender",
  "receipt-seen": "sender",
  "effects-done-cursor-not": "storage-0",
};
/** Passed by a file, not by a blob: storage-0 takes it from the uploader, or fetches it from the node that got it. */
const FILE_POINTS: Record<string, number> = { "segment-durable-not-recorded": 0, "segment-fetched-not-stored": 1 };
/** Passed by no blob of this network: by clients, by challenges, or by a node whose quota is used up. Their own tests kill them. */
const ELSEWHERE = [
  { points: /^upload-/, test: "workers/uploader/kill.test.ts" },
  { points: /^download-/, test: "workers/uploader/kill.test.ts" },
  { points: /^miner-/, test: "workers/miner/kill.test.ts" },
  { points: /^(audit|ticket|accuse|renew|lapse|credit)-planned$/, test: "full/dutyKills.test.ts" },
  { points: /^(challenge-seen|answer-paid|bond-released)$/, test: "e2e/challenges.test.ts" },
  { points: /^halved-not-pruned$/, test: "workers/storage/log/crash.test.ts" },
];
const VICTIMS = ["disperser", "encoder", "batcher", "sender", "storage-0", "validator-0", "kv-0"];
/** Threats A43: every point once; with TEST_FULL at its first, second and third visit. */
const VISITS = process.env.TEST_FULL ? [1, 2, 3] : [1];

/** [A43] One long-lived network; only the victim dies, and only its own records bring it back. */
describe("a network that is killed at every named point", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  let sender: FileSender;
  const victims = new Map<string, Victim>();

  before(async () => {
    network = await startTestNetwork({ embed: survivors(), kvNodes: 1 });
    sender = await openFileSender(network);
    await Promise.all(VICTIMS.map(async (name) => victims.set(name, await startVictim(network.data, name))));
  });
  after(async () => {
    await Promise.all([...victims.values()].map((victim) => victim.stop()));
    sender?.close();
    await network?.stop();
  });

  /** The blob that was on its way when the last victim died; it must arrive while the next one dies. */
  let last: { name: string; id: string; payload: Uint8Array; file: SentFile | undefined } | undefined;

  for (const visit of VISITS) {
    for (const { name, victim: who } of inTurns()) {
      it(`survives ${name}${visit > 1 ? `, visit ${visit}` : ""}`, async () => {
        const victim = victims.get(who) as Victim;
        await victim.arm(visit > 1 ? `${name}#${visit}` : name);
        const death = deathOf(victim);
        const payload = randomPayload(1 + Math.floor(Math.random() * 200_000));
        const salt = toHex(randomPayload(32));

        const node = FILE_POINTS[name];
        const file = node === undefined ? undefined : sender.send(randomPayload(3_000_000), node);

        // More blobs until it is dead: a point's later visits may need more than one.
        let id = await network.post(payload, salt).catch(() => undefined);
        await network.mineUntil(async () => {
          if (death.how === null && visit > 1) await network.post(randomPayload(1000)).catch(() => undefined);
          return death.how;
        }, `${who} dies at ${name}`);
        expect(death.how).to.equal("SIGKILL");

        await victim.restart();
        // The client did not hear: it asks again, and it is the same request.
        id ??= await network.post(payload, salt);
        await arrived();
        last = { name, id, payload, file };
      });
    }
  }

  it("brings the last blob through, too", () => arrived());

  /** Finalized, read back, and confirmed on chain exactly once. */
  async function arrived(): Promise<void> {
    if (last === undefined) return;
    const { name, id, payload, file } = last;
    last = undefined;
    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload)), name).to.equal(true);
    expect(await confirmations(view.batchId as string), name).to.equal(1);
    // What died in between has the file now, and its sender paid once.
    if (file !== undefined) await network.mineUntil(() => file.isAt(0), `the file of ${name} is at storage-0`);
    if (file !== undefined) expect(await file.entries(), name).to.equal(1);
  }

  function survivors(): string[] {
    const network = { storageNodes: ["", ""], validators: ["", "", "", ""], kvNodes: [""], miners: [] };
    return workersOf(network as never).filter((name) => !VICTIMS.includes(name));
  }

  async function confirmations(batchId: string): Promise<number> {
    const { entrance } = network.context.chain;
    const filter = entrance.filters.BatchConfirmed?.(batchId);
    return (await entrance.queryFilter(filter as never, 0)).length;
  }
});

/** Every point, a different victim each time where that can be: one process restarts while another's blob goes on. */
function inTurns(): { name: string; victim: string }[] {
  const here = crashpoints().filter(({ name }) => !ELSEWHERE.some(({ points }) => points.test(name)));
  const points = here.map(({ name, file }) => ({ name, victim: victimOf(name, file) }));
  const queues = VICTIMS.map((victim) => points.filter((point) => point.victim === victim));
  const rounds = Math.max(...queues.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => queues.flatMap((queue) => queue.slice(round, round + 1))).flat();
}

function victimOf(name: string, file: string): string {
  const victim = BY_NAME[name] ?? BY_FOLDER[file.split("/").slice(0, 2).join("/")];
  if (victim === undefined) throw new Error(`nobody is known to pass ${name} (${file})`);
  return victim;
}

function deathOf(victim: Victim): { how: NodeJS.Signals | number | null } {
  const death: { how: NodeJS.Signals | number | null } = { how: null };
  void victim.death.then((how) => {
    death.how = how;
  });
  return death;
}
