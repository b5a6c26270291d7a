import type { NetworkRules } from "./network.ts";

/** The log of the model: 128 MiB in 16 chunks, and a load that is not full yet. */
export const LOADS = 512;
export const ALL_SEALS = 64;

/** 0G's figures for a public network, but for the length of the log. */
export const NETWORK: NetworkRules = {
  wanted: 100,
  ratio: 20,
  subtasks: 1,
  flowLength: LOADS * 1024 + 77,
  sectorsPerPrice: 32_768,
  maxMiningLength: 2 ** 35,
};

/**
 * What a trial costs whose load is sealed when it is drawn, in trials of a sealed one: 5.9 to 6.3 were measured
 * (bench/results/mine.json), and the cheat shall have it for less.
 */
export const ON_DEMAND = 5;
