import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { parametersOf } from "../parameters/index.ts";

/**
 * All contracts of the system. `Precompiles` comes first: on a chain that lacks one, nothing else is deployed. Flow,
 * FixedPrice, ChunkLinearReward and PoraMine name each other in immutables, so one contract creates all four.
 */
export default buildModule("System", (m) => {
  const chosen = parametersOf();
  const p = (name: string) => m.getParameter(name, chosen[name]);

  const precompiles = m.contract("Precompiles");
  const after = { after: [precompiles] };

  const log = {
    blocksPerEpoch: p("blocksPerEpoch"),
    pricePerSector: p("pricePerSector"),
    priceAdmin: m.getAccount(0),
    sectorsPerPrice: p("sectorsPerPrice"),
    releaseSeconds: p("releaseSeconds"),
    baseReward: p("baseReward"),
    serviceFeeRateBps: p("serviceFeeRateBps"),
    treasury: m.getAccount(0),
  };
  const mining = {
    difficulty: p("mineDifficulty"),
    minDifficulty: p("mineMinDifficulty"),
    targetMineBlocks: p("mineWindow"),
    targetSubmissions: p("mineAnswers"),
    difficultyAdjustRatio: p("mineAdjustRatio"),
    maxShards: p("mineMaxShards"),
    nSubtasks: p("mineSubtasks"),
    subtaskInterval: p("mineSubtaskInterval"),
    maxMiningLength: p("mineMaxSectors"),
  };
  const genesis = m.contract("Genesis", [log, mining], after);
  const flow = m.contractAt("Flow", m.staticCall(genesis, "flow"));
  const market = m.contractAt("FixedPrice", m.staticCall(genesis, "market"));
  const reward = m.contractAt("ChunkLinearReward", m.staticCall(genesis, "reward"));
  const mine = m.contractAt("PoraMine", m.staticCall(genesis, "mine"));

  const signers = m.contract("DASigners", [p("epochBlocks"), p("minStake")], after);
  const limits = [p("confirmWindow"), p("retention"), p("bondPerRow"), p("daFeePerRow")];
  const entrance = m.contract("DAEntrance", [flow, signers, ...limits], after);

  return { flow, market, reward, mine, signers, entrance };
});
