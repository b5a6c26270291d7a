/** Names, arguments and help of the tasks about mining. */
import { task } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";
import { data, json } from "../options.ts";

const rewards = task("rewards", "Say what storage fees became: pools by chunk, their release, and who earned what")
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("../rewards.ts"))
  .build();

export const miningTasks: TaskDefinition[] = [rewards];
