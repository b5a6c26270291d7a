import type { Chain } from "../../adapters/chain.ts";

export interface ChainParameters {
  /** Blocks after the submission in which a batch can be confirmed. */
  readonly confirmWindow: number;
}

export const readChainParameters = async (chain: Chain): Promise<ChainParameters> => {
  try {
    return { confirmWindow: Number(await chain.entrance.getFunction("confirmWindow").staticCall()) };
  } catch (error) {
    throw chain.errorOf(error);
  }
};
