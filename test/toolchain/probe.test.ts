import { expect } from "chai";
import { network } from "hardhat";

describe("toolchain", () => {
  it("runs a contract on the simulated chain", async () => {
    const { ethers } = await network.create();
    const probe = await ethers.deployContract("Probe");
    await probe.getFunction("poke")();
    expect(await probe.getFunction("count")()).to.equal(1n);
  });
});
