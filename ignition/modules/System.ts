import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { creationCodeOf } from "../creationCode.ts";
import { parametersOf } from "../parameters/index.ts";

/**
 * All contracts of the system. `Precompiles` comes first: on a chain that lacks one, nothing else is deployed. Flow,
 * FixedPrice, ChunkLinearReward and PoraMine name each other in immutables, so one contract creates all four;
 * so it is with the DA contracts, of which the last two are created in a transaction that brings their code.
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

  const da = {
    signers: {
      epochBlocks: p("epochBlocks"),
      minStake: p("minStake"),
      leaseEpochs: p("leaseEpochs"),
      unbonding: p("unbonding"),
      jailBlocks: p("jailBlocks"),
      slashBps: p("slashBps"),
      reporterBps: p("reporterBps"),
    },
    sampling: {
      samples: p("samples"),
      claimWindow: p("claimWindow"),
      auditWindow: p("auditWindow"),
      slashWindow: p("slashWindow"),
      auditBps: p("auditBps"),
      roundBlocks: p("roundBlocks"),
      targetClaims: p("targetClaims"),
      minPrize: p("minPrize"),
    },
    challengeWindow: p("challengeWindow"),
    minBaseFee: p("minBaseFee"),
    entrance: {
      confirmWindow: p("confirmWindow"),
      retention: p("retention"),
      bondPerRow: p("bondPerRow"),
      daFeePerRow: p("daFeePerRow"),
    },
  };
  const daGenesis = m.contract("DAGenesis", [flow, da], after);
  const created = m.call(daGenesis, "complete", [creationCodeOf("DAChallenge"), creationCodeOf("DAEntrance")]);
  const child = (contract: string, getter: string) =>
    m.contractAt(contract, m.staticCall(daGenesis, getter), { after: [created] });
  const signers = child("DASigners", "signers");
  const sampling = child("DASampling", "sampling");
  const challenges = child("DAChallenge", "challenges");
  const entrance = child("DAEntrance", "entrance");
  const verifier = m.contract("CellVerifier", [], after);

  return { flow, market, reward, mine, signers, sampling, challenges, entrance, verifier };
});
