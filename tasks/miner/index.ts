/** Names, arguments and help of the tasks about mining. */
import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";
import { data, json } from "../options.ts";

const rewards = task("rewards", "Say what storage fees became: pools by chunk, their release, and who earned what")
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("../rewards.ts"))
  .build();

const minerId = {
  name: "id",
  description: "Which miner of this folder",
  type: ArgumentType.INT,
  defaultValue: 0,
} as const;

const miner = emptyTask("miner", "Mine: keep a sealed copy of the log, prove it, be paid from its fees").build();

const minerRegister = task(["miner", "register"], "Make a miner's key, fund it and request its id")
  .addOption(minerId)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./register.ts"))
  .build();

const minerStart = task(["miner", "start"], "Run a miner as a process of its own; it registers itself if need be")
  .addOption(minerId)
  .addOption({
    name: "shards",
    description: "Into how many shards miners divide the log; this one takes id mod shards (default: the network's)",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption({
    name: "share",
    description: "Of a core to mine with, over 0 to 1 (default: the network's, else 1)",
    type: ArgumentType.FLOAT,
    defaultValue: 0,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./start.ts"))
  .build();

const minerStatus = task(["miner", "status"], "Say what a miner holds, does and earned")
  .addOption(minerId)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./status.ts"))
  .build();

const minerWithdraw = task(["miner", "withdraw"], "Send what a miner earned to its account, or to another")
  .addOption(minerId)
  .addOption({
    name: "to",
    description: "Address that gets it (default: the miner's own account)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./withdraw.ts"))
  .build();

export const miningTasks: TaskDefinition[] = [
  ...[rewards, miner, minerRegister, minerStart, minerStatus, minerWithdraw],
];
