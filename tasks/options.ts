/** Options that many tasks have. */
import { ArgumentType } from "hardhat/types/arguments";

export const data = {
  name: "data",
  description: "Data folder of the network (default: .zerog)",
  type: ArgumentType.STRING_WITHOUT_DEFAULT,
  defaultValue: undefined,
} as const;
export const json = {
  name: "json",
  description: "Print one line of JSON at the end, and nothing else on stdout",
} as const;
