/** Names, arguments and help of the tasks about what is wrong with a batch that has its certificate. */
import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";
import { data, json } from "./options.ts";

const challenge = task("challenge", "Ask for a cell of a batch: every node first, then on chain, against a bond")
  .addPositionalArgument({ name: "batch", description: "batchId, 32 bytes hex" })
  .addPositionalArgument({ name: "row", description: "Row, counted through the batch", type: ArgumentType.INT })
  .addPositionalArgument({ name: "column", description: "0 to 127; from 64 on the redundancy", type: ArgumentType.INT })
  .addFlag({ name: "anyway", description: "Challenge also when somebody gives the cell" })
  .addOption({
    name: "out",
    description: "File to write the cell's 2048 bytes to",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./challenge.ts"))
  .build();

const accuse = task("accuse", "Prove on chain that a blob that reads CorruptEncoding encodes nothing, for its bond")
  .addPositionalArgument({ name: "id", description: "blobKey, 32 bytes hex" })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./accuse.ts"))
  .build();

export const disputeTasks: TaskDefinition[] = [challenge, accuse];
