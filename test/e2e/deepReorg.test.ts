import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { ZgError } from "../../protocol/errors.ts";
import { startTestNetwork, type TestNetwork } from "./harness.ts";

describe("a chain that changes below its finalized height", function () {
  this.timeout(120_000);
  const embedded = ["storage-0", "validator-0", "disperser", "batcher"];
  let network: TestNetwork;
  before(async () => {
    network = await startTestNetwork({ storageNodes: 2, validators: 1, embed: embedded });
  });
  after(() => network?.stop());

  it("ends every worker that follows it, by name, and a worker's process with exit status 1", async () => {
    const { devChain, data, workers } = network;
    if (devChain === null) throw new Error("a chain of our own");
    const script = fileURLToPath(new URL("../../scripts/worker.ts", import.meta.url));
    const child = spawn(process.execPath, [script, "storage-1", "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const exit = once(child, "exit");
    await once(child.stdout, "data");

    const mine = async (blocks: number) => {
      for (let i = 0; i < blocks; i++) await devChain.request("evm_mine", []);
    };
    const before = await devChain.request("evm_snapshot", []);
    await mine(12);
    // Every follower has seen some of these blocks as final before they are taken back.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await devChain.request("evm_revert", [before]);
    // Another timestamp, another chain.
    await devChain.request("evm_increaseTime", [100]);
    await mine(14);

    for (const name of embedded) {
      const { done } = workers.get(name) ?? {};
      if (name === "disperser") expect(done, "it follows nothing").to.equal(undefined);
      else expect(await done?.catch((error: ZgError) => error.code), name).to.equal("DeepReorg");
    }
    expect((await exit)[0]).to.equal(1);
    expect(said).to.contain("storage-1 ended: DeepReorg");
  });
});
