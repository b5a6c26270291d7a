/** Names, arguments and help of the tasks about validators. */
import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";
import { data, json } from "../options.ts";

const id = {
  name: "id",
  description: "Which validator of this folder",
  type: ArgumentType.INT,
  defaultValue: 0,
} as const;
const optional = { type: ArgumentType.STRING_WITHOUT_DEFAULT, defaultValue: undefined } as const;

const validator = emptyTask("validator", "Validate: stake, sample every batch, sign, be paid and audited").build();

const register = task(
  ["validator", "register"],
  "Make a validator's keys, fund and register it; of one that is registered, make right what differs",
)
  .addOption(id)
  .addOption({
    ...optional,
    name: "stake",
    description: "Ether that it shall have in its slot at least (default: the least that a slot takes)",
  })
  .addOption({
    ...optional,
    name: "socket",
    description: "URL under which it is asked for signatures (default: as registered, else where its worker listens)",
  })
  .addFlag({
    name: "rotate",
    description:
      "Give the slot this folder's BLS key if it has another; only when no audit of what that one signed is open",
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./register.ts"))
  .build();

const status = task(
  ["validator", "status"],
  "Say what a validator has at stake, what it signed, claimed, answered and earned",
)
  .addOption(id)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./status.ts"))
  .build();

const withdraw = task(
  ["validator", "withdraw"],
  "Send what is released and earned; with --stake, take stake out of the slot first",
)
  .addOption(id)
  .addOption({
    ...optional,
    name: "stake",
    description: "Ether to take out of the slot, or all, which gives it up; released after the unbonding time",
  })
  .addOption({
    ...optional,
    name: "to",
    description: "Address that gets what is sent (default: the validator's own account)",
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./withdraw.ts"))
  .build();

export const validatorTasks: TaskDefinition[] = [validator, register, status, withdraw];
