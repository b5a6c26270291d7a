import { expect } from "chai";
import { Wallet } from "ethers";
import { partyKeys } from "../../devnet/keys.ts";
import { DISPERSER } from "../../devnet/parties.ts";
import { statusRows } from "../../tasks/lib/statusRows.ts";
import { randomPayload, startTestNetwork, type TestNetwork } from "./harness.ts";

describe("a batcher without money", function () {
  this.timeout(120_000);
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork({ storageNodes: 1, validators: 1 });
  });
  after(() => network?.stop());

  it("says so of every blob that waits, and goes on when it has some", async () => {
    const { address } = new Wallet((await partyKeys(network.data, DISPERSER)).wallet);
    const setBalance = (wei: bigint) =>
      network.devChain?.request("hardhat_setBalance", [address, `0x${wei.toString(16)}`]);
    const state = async () =>
      (await (await fetch(`${network.network.disperser}/status`)).json()) as { held: { code: string } | null };

    await setBalance(0n);
    const id = await network.post(randomPayload(1_000));
    const held = await network.until(id, (view) => view.held !== undefined);
    expect(held.status).to.equal("ENCODED");
    expect(held.held).to.include({ code: "InsufficientFunds", retry: true });
    expect((await state()).held).to.include({ code: "InsufficientFunds" });
    expect(new Map(statusRows(held)).get("held")).to.match(/^InsufficientFunds: .+, since 20/);

    await setBalance(10n ** 20n);
    const view = await network.until(id, ({ status }) => status === "CONFIRMED" || status === "FINALIZED");
    expect(view.held).to.equal(undefined);
    expect((await state()).held).to.equal(null);
  });
});
