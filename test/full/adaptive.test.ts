import { expect } from "chai";
import { openClient } from "../../adapters/http-client.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { MOST_GOOD } from "../../protocol/quorum.ts";
import type { BlobView } from "../../workers/disperser/view.ts";
import { createReport, nodeSource, readBatchFrom, retrieve, validatorSource } from "../../workers/retriever/index.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";
import {
  type Answer,
  columnOf,
  type Liar,
  refusal,
  signingAnything,
  startDoor,
  startIn,
  startLiar,
  type Twist,
} from "../e2e/liar.ts";

const HONEST = [0, 1, 2];
const NODES = [0, 1];
const SPARED = 2;
/** Signs whatever it is asked to. */
const CORRUPT = 3;
const PAYLOAD = 150_000;

/**
 * F2 on a network: storage nodes that are all of one mind, know every validator by the address it asks, and answer nobody
 * before they have seen what everybody wants. A fourth validator is theirs. They give two honest ones what
 * makes a quorum, choosing those who together learn least, and nothing to readers.
 */
for (const { samples, readable } of [
  { samples: 52, readable: true },
  { samples: 16, readable: false },
]) {
  describe(`nodes that see every request, ${samples} samples`, function () {
    this.timeout(180_000);
    let network: TestNetwork;
    let view: BlobView;
    const payload = randomPayload(PAYLOAD);
    const client = openClient();
    const wanted = HONEST.map(() => new Set<number>());
    let team: readonly number[] = [];

    before(async () => {
      const parameters = { samples: BigInt(samples) };
      network = await startTestNetwork({ timing: { samples }, parameters });
      const nodes = await Promise.all(NODES.map((id) => startLiar(network, `storage-${id}`)));
      for (const node of nodes) node.twist = toReaders;
      for (const who of HONEST) await giveDoors(who, nodes);
      const corrupt = await startLiar(network, `validator-${CORRUPT}`);
      corrupt.twist = signingAnything(network, `validator-${CORRUPT}`);
      const id = await network.post(payload);
      view = await network.until(id, ({ status }) => status === "FINALIZED");
    });
    after(async () => {
      client.close();
      await network?.stop();
    });

    it("get their certificate from two honest validators and one of their own", () => {
      const sockets = network.network.validators;
      const signed = view.signatures.map(({ socket }) => sockets.indexOf(socket));
      expect(signed.sort()).to.deep.equal([...team, CORRUPT].sort());
      expect(view.refusals.map(({ who, outcome }) => [who, outcome])).to.deep.include([sockets[spared()], "slow"]);
    });

    it("tell readers that there is no such blob", async () => {
      const error = await read(network.network.storageNodes.map((url) => nodeSource(client, url))).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(ZgError).and.include({ code: "NotFound" });
    });

    it("cannot take away what signers keep: their union is what was given out, and decides", async () => {
      const sources = network.network.validators.map((url) => validatorSource(client, url));
      const kept = await Promise.all(
        sources.map((source) => source.columns(view.batchId as Hex, AbortSignal.timeout(5_000))),
      );
      const union = new Set(kept.flatMap((columns) => columns ?? []));
      const given = new Set(team.flatMap((who) => [...(wanted[who] as Set<number>)]));
      expect([...union].sort()).to.deep.equal([...given].sort());
      expect(union.size > MOST_GOOD, `${union.size} columns`).to.equal(readable);
    });

    if (readable) {
      it("and a reader who asks signers has the blob", async () => {
        const report = createReport();
        const nodes = network.network.storageNodes.map((url) => nodeSource(client, url));
        const signers = network.network.validators.map((url) => validatorSource(client, url));
        const read_ = await read([...nodes, ...signers], report);
        expect(Buffer.from(read_).equals(Buffer.from(payload))).to.equal(true);
      });
    } else {
      it("and the blob is lost in spite of its certificate: Unavailable, quickly, and never other bytes", async () => {
        const started = Date.now();
        const nodes = network.network.storageNodes.map((url) => nodeSource(client, url));
        const signers = network.network.validators.map((url) => validatorSource(client, url));
        const error = await read([...nodes, ...signers]).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(ZgError).and.include({ code: "Unavailable" });
        expect(Date.now() - started).to.be.below(60_000);
      });
    }

    const spared = (): number => HONEST.find((who) => !team.includes(who)) ?? SPARED;

    const read = async (sources: Parameters<typeof retrieve>[0]["sources"], report = createReport()) => {
      const { compute, chain } = network.context;
      const blobKey = view.blobKey as Hex;
      const readBatch = readBatchFrom(chain);
      return (await retrieve({ blobKey, sources, readBatch, compute, report })).payload;
    };

    /** The liars themselves: whoever comes by the public address is no validator. */
    const toReaders: Twist = ({ method, path }, honest) =>
      method === "GET" && /^\/(blobs\/|batches\/\w+\/(columns|metadata|rows|blobs))/.test(path)
        ? refusal(404, "NotFound")
        : honest;

    /** Gives a validator addresses of the nodes that nobody else has. */
    async function giveDoors(who: number, nodes: readonly Liar[]): Promise<void> {
      const name = `validator-${who}`;
      await network.workers.get(name)?.stop();
      const doors = await Promise.all(nodes.map(({ behind }) => startDoor(behind)));
      const validator = await startIn(network, name, { storageNodes: doors.map(({ url }) => url) });
      for (const door of doors) door.twist = (request, honest) => toValidator(who, request, honest);
      const stop = async () => {
        await validator.stop();
        for (const door of doors) await door.stop();
      };
      network.workers.set(name, { stop });
    }

    function toValidator(who: number, { path }: { path: string }, honest: Answer): Answer {
      const column = columnOf(path);
      if (column === undefined || honest.status !== 200) return honest;
      wanted[who]?.add(column);
      if (team.length === 0 && wanted.every(({ size }) => size === samples)) team = leastOf(wanted);
      return team.includes(who) ? honest : refusal(404, "NotFound");
    }
  });
}

/** The two whose columns together are fewest. */
function leastOf(wanted: readonly ReadonlySet<number>[]): readonly number[] {
  const teams = [
    [0, 1],
    [0, 2],
    [1, 2],
  ];
  const sizes = teams.map((team) => new Set(team.flatMap((who) => [...(wanted[who] as Set<number>)])).size);
  return teams[sizes.indexOf(Math.min(...sizes))] as readonly number[];
}
