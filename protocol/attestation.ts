import { addressWord } from "./batch.ts";
import { concat, fromHex, type Hex, word } from "./hex.ts";
import { keccak, keccakHex, keccakText } from "./keccak.ts";

const DOMAIN_TYPE = keccakText("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
const ATTESTATION_TYPE = keccakText("Attestation(bytes32 batchId,uint64 epoch,bytes32 seed)");
const POSSESSION_TYPE = keccakText("Possession(address account,bytes key)");

export const ATTESTATION_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
export const POSSESSION_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** EIP-712 domain separator: a signature is worth nothing on another chain or for another contract. */
export function domainSeparator(name: string, chainId: bigint, contract: Hex): Uint8Array {
  return keccak(concat(DOMAIN_TYPE, keccakText(name), keccakText("1"), word(chainId), addressWord(contract)));
}

/** What a validator signs: the batch, the epoch whose stake counts, and the seed that did not exist before it. */
export interface Attestation {
  readonly chainId: bigint;
  readonly entrance: Hex;
  readonly batchId: Hex;
  readonly epoch: bigint;
  readonly seed: Hex;
}

export function attestationMessage(a: Attestation): Hex {
  return keccakHex(
    concat(
      ATTESTATION_TYPE,
      domainSeparator("0G-DA", a.chainId, a.entrance),
      fromHex(a.batchId, 32),
      word(a.epoch),
      fromHex(a.seed, 32),
    ),
  );
}

/**
 * What a proof of possession signs: binds the key to the account that registers it.
 *
 * @param key the public key in EIP-2537 form, 128 bytes
 */
export function possessionMessage(chainId: bigint, signers: Hex, account: Hex, key: Hex): Hex {
  return keccakHex(
    concat(
      POSSESSION_TYPE,
      domainSeparator("0G-DA signers", chainId, signers),
      addressWord(account),
      keccak(fromHex(key, 128)),
    ),
  );
}
