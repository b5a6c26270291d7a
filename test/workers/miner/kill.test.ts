import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { EventLog } from "ethers";
import { partyKeys } from "../../../devnet/keys.ts";
import { type FileSender, openFileSender } from "../../e2e/files.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../../e2e/harness.ts";
import { crashpoints } from "../../fakes/crashpoints.ts";
import { until } from "../../fakes/wait.ts";
import type { Life } from "./life.child.ts";

const CHILD = fileURLToPath(new URL("life.child.ts", import.meta.url));
const POINTS = crashpoints()
  .filter(({ file }) => file.startsWith("workers/miner/"))
  .map(({ name }) => name);
const LIMIT_MS = 90_000;

interface Status {
  readonly minerId: string | null;
  readonly sealed: { readonly loads: number; readonly total: number };
  readonly accepted: number;
  readonly waiting: readonly unknown[];
}

/** [A43] A real chain with a real storage node; every life of the miner is a process of its own. */
describe("a miner that is killed", function () {
  this.timeout(200_000);
  let network: TestNetwork;
  let sender: FileSender;
  let life: Life;
  let child: ChildProcess | undefined;
  let url = "";
  before(async () => {
    network = await startTestNetwork({
      ...{ storageNodes: 1, validators: 0, miners: 1, embed: ["storage-0"], interval: 100 },
    });
    sender = await openFileSender(network);
    const { wallet } = await partyKeys(network.data, "miner-0");
    life = { data: network.data, dir: join(network.data, "miner-0"), name: "miner-0", wallet };
  });
  after(async () => {
    await end();
    sender?.close();
    await network?.stop();
  });

  /** Resolves when it says where it is, or is dead. */
  const live = async (crashpoint = ""): Promise<ChildProcess> => {
    const args = ["--disable-warning=ExperimentalWarning", CHILD, JSON.stringify(life)];
    child = spawn(process.execPath, args, {
      env: { ...process.env, CRASHPOINT: crashpoint },
      stdio: ["ignore", "pipe", process.env.E2E_LOG ? "inherit" : "ignore"],
    });
    const said = once(child.stdout as NodeJS.ReadableStream, "data");
    const [line] = await Promise.race([said, once(child, "exit").then(() => ["{}"])]);
    url = (JSON.parse(String(line)) as { url?: string }).url ?? "";
    return child;
  };
  const end = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  const dead = async (point: string): Promise<void> => {
    const victim = await live(point);
    const isDead = () => victim.exitCode !== null || victim.signalCode !== null;
    await until(`dies at ${point}`, isDead, LIMIT_MS);
    expect(victim.signalCode, point).to.equal("SIGKILL");
  };
  const status = async (): Promise<Status> => (await (await fetch(`${url}/status`)).json()) as Status;
  const ids = async (): Promise<EventLog[]> => {
    const { mine } = network.context.chain;
    return (await mine.queryFilter(mine.filters.NewMinerId?.() as never, 0)) as EventLog[];
  };
  const newLoads = async (): Promise<void> => {
    const file = sender.send(randomPayload(600_000), 0);
    await until("the node has the file", () => file.isAt(0), LIMIT_MS);
  };

  it("wherever it was with its first request, has one id and no other", async () => {
    for (const point of ["slot-planned", "outbox-written", "tx-sent"]) await dead(point);
    await live();
    await until("it has its id", async () => (await status()).minerId !== null, LIMIT_MS);
    await end();
    expect(await ids()).to.have.length(1);
  });

  for (const point of POINTS) {
    it(`at ${point} goes on: all is sealed, and it is paid`, async () => {
      await newLoads();
      await dead(point);
      await live();
      const before = (await status()).accepted;
      await until(
        "it has sealed all, and is paid again",
        async () => {
          const { accepted, sealed, waiting } = await status();
          return accepted > before && sealed.loads >= sealed.total / 2 && waiting.length === 0;
        },
        LIMIT_MS,
      );
      await end();
    });
  }

  it("has answered with each ticket once, and has the id that it had", async () => {
    const { mine } = network.context.chain;
    const answers = (await mine.queryFilter(mine.filters.NewSubmission?.() as never, 0)) as EventLog[];
    expect(answers.length).to.be.greaterThan(POINTS.length);
    expect(await ids()).to.have.length(1);
    const minerId = (await ids())[0]?.args.minerId;
    expect(answers.every(({ args }) => args.minerId === minerId)).to.equal(true);
  });
});
