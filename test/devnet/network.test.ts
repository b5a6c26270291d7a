import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { silentLog } from "../../adapters/log.ts";
import { checkNetwork, readNetwork } from "../../adapters/network.ts";
import { type NetworkOptions, type RunningNetwork, startNetwork } from "../../devnet/network.ts";
import { ZgError } from "../../protocol/errors.ts";

describe("a network without its workers", function () {
  this.timeout(60_000);
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), "zg-network-"));
  });
  afterEach(() => rm(data, { recursive: true }));

  const start = (options: Partial<NetworkOptions> = {}): Promise<RunningNetwork> =>
    startNetwork({ data, interval: 0, embed: [], log: silentLog, ...options });
  const head = async ({ devChain }: RunningNetwork): Promise<{ number: string; hash: string }> =>
    (await devChain?.request("eth_getBlockByNumber", ["latest", false])) as { number: string; hash: string };

  it("has four validators whose stake counts, and continues where it stopped", async () => {
    const first = await start();
    const { signers } = first.context.chain;
    const [, stake] = await signers.getFunction("currentSet")();
    expect(stake).to.equal(4n * (await signers.getFunction("minStake")()));
    expect((await signers.getFunction("signer")(0)).socket).to.equal(first.network.validators[0]);
    expect(await readNetwork(data)).to.deep.equal(first.network);
    await checkNetwork(first.network);
    const before = await head(first);
    await first.stop();

    const stopped = await readNetwork(data).catch((error: ZgError) => error);
    expect(stopped).to.be.instanceOf(ZgError).and.include({ code: "NoNetwork" });

    const second = await start();
    expect(second.network).to.deep.equal(first.network);
    expect(await head(second)).to.deep.equal(before);
    await second.stop();
  });
});
