import { expect } from "chai";
import type { EventLog } from "ethers";
import type { Hex } from "../../protocol/hex.ts";
import { batchPrize, mostPrizes } from "../../protocol/lottery.ts";
import { samplesFor } from "../../protocol/quorum.ts";
import { isAudited } from "../../protocol/sampling.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "../e2e/harness.ts";

const VALIDATORS = 40;
/** Blocks in which forty validators have looked for their tickets. */
const PATIENCE = 80;

/** The threads of the KZG pool are shared by all: two cores sample for forty. */
describe("forty validators on one machine", function () {
  this.timeout(900_000);
  let network: TestNetwork;
  before(async () => {
    // As many samples as forty validators need: the contract asks for no more than they draw.
    const parameters = { samples: BigInt(samplesFor(VALIDATORS)) };
    network = await startTestNetwork({ validators: VALIDATORS, parameters, patienceMs: 300_000 });
  });
  after(() => network?.stop());

  it("each sample a batch of 1 MiB on their own, and most of them sign in time", async () => {
    const payload = randomPayload(2 ** 20);
    const id = await network.post(payload);
    const view = await network.until(id, ({ status }) => status === "FINALIZED");
    expect(view.signatures.length).to.be.greaterThan((2 * VALIDATORS) / 3);
    expect(new Set(view.signatures.map(({ slot }) => slot)).size).to.equal(view.signatures.length);
    expect(Buffer.from(await network.read(view.blobKey as string)).equals(Buffer.from(payload))).to.equal(true);
  });

  it("show what the audit asks of them, and claim what their samples win: nobody is slashed", async () => {
    const { auditBps } = await call("sampling", "terms");
    const certificates = await eventsOf("entrance", "BatchConfirmed");
    const asked = certificates.flatMap(({ args }) =>
      Array.from({ length: VALIDATORS }, (_, slot) => slot)
        .filter((slot) => ((args.absent as bigint) >> BigInt(slot)) % 2n === 0n)
        .filter((slot) => isAudited(args.auditSeed as Hex, slot, Number(auditBps)))
        .map((slot) => `${args.batchId} ${slot}`),
    );
    const answered = await network.mineUntil(async () => {
      const events = await eventsOf("sampling", "AuditAnswered");
      return events.length >= asked.length && events;
    }, `${asked.length} audits are answered`);
    expect(answered.map(({ args }) => `${args.batchId} ${args.slot}`)).to.have.members(asked);

    // Four prizes are expected of a batch: another one, should the first have had none.
    let claims: EventLog[] = [];
    for (let batches = 0; batches < 4 && claims.length === 0; batches++) {
      if (batches > 0) {
        const id = await network.post(randomPayload(2 ** 20));
        await network.until(id, ({ status }) => status === "FINALIZED");
      }
      let blocks = 0;
      claims = await network.mineUntil(async () => {
        const events = await eventsOf("sampling", "SampleClaimed");
        return (events.length > 0 || ++blocks > PATIENCE) && events;
      });
    }
    expect(claims.length).to.be.at.least(1);
    for (const { args } of claims) expect(args.paid).to.equal(args.prize);
    const tickets = new Set(claims.map(({ args }) => `${args.batchId} ${args.slot} ${args.index}`));
    expect(tickets.size).to.equal(claims.length);
    const batches = new Set(claims.map(({ args }) => args.batchId as Hex));
    for (const batchId of batches) {
      const { rowCount } = await call("entrance", "record", batchId);
      const fee = (await call("entrance", "daFeePerRow")) * BigInt(rowCount);
      const own = claims.filter(({ args }) => args.batchId === batchId);
      expect(BigInt(own.length) <= mostPrizes(fee, batchPrize(own[0]?.args.prize as bigint, fee))).to.equal(true);
    }
    expect(await eventsOf("signers", "Slashed")).to.deep.equal([]);
  });

  const call = async (contract: "sampling" | "entrance", name: string, ...args: unknown[]) =>
    network.context.chain[contract].getFunction(name).staticCall(...args);
  const eventsOf = async (contract: "sampling" | "entrance" | "signers", name: string): Promise<EventLog[]> => {
    const { [contract]: at } = network.context.chain;
    return (await at.queryFilter(at.filters[name]?.() as never, 0)) as EventLog[];
  };
});
