import { expect } from "chai";
import { keccak256, TypedDataEncoder } from "ethers";
import {
  aggregateKeys,
  newSecretKey,
  openKey,
  sumSignatures,
  verifyPossession,
  verifySignature,
} from "../../adapters/bls.ts";
import { attestationMessage, possessionMessage } from "../../protocol/attestation.ts";
import type { Hex } from "../../protocol/hex.ts";
import { refusal } from "./refusal.ts";
import { ACCOUNT, CHAIN_ID, ENTRANCE, SIGNERS, saltOf } from "./sample.ts";

const attestation = {
  chainId: CHAIN_ID,
  entrance: ENTRANCE,
  batchId: saltOf("batch"),
  epoch: 7n,
  seed: saltOf("seed"),
};

describe("messages", () => {
  it("an attestation has EIP-712's shape, without the 0x1901 that would make it a transaction signature", () => {
    const domain = { name: "0G-DA", version: "1", chainId: CHAIN_ID, verifyingContract: ENTRANCE };
    const types = {
      Attestation: [
        { name: "batchId", type: "bytes32" },
        { name: "epoch", type: "uint64" },
        { name: "seed", type: "bytes32" },
      ],
    };
    const { batchId, epoch, seed } = attestation;
    // EIP-712 hashes type ‖ fields; ours puts the domain between the two.
    const struct = TypedDataEncoder.from(types).encodeData("Attestation", { batchId, epoch, seed });
    const separator = TypedDataEncoder.hashDomain(domain);
    const encoded = `${struct.slice(0, 66)}${separator.slice(2)}${struct.slice(66)}`;
    expect(attestationMessage(attestation)).to.equal(keccak256(encoded));
  });

  it("A11: another chain, contract, batch, epoch or seed is another message", () => {
    const others = [
      { chainId: 1n },
      { entrance: SIGNERS },
      { batchId: saltOf("other") },
      { epoch: 8n },
      { seed: saltOf("other") },
    ];
    const messages = [attestation, ...others.map((other) => ({ ...attestation, ...other }))].map(attestationMessage);
    expect(new Set(messages).size).to.equal(1 + others.length);
  });

  it("A10: possession binds key, account, chain and contract", () => {
    const [key, other] = [openKey(newSecretKey()).publicKey, openKey(newSecretKey()).publicKey];
    const messages = [
      possessionMessage(CHAIN_ID, SIGNERS, ACCOUNT, key),
      possessionMessage(CHAIN_ID, SIGNERS, ACCOUNT, other),
      possessionMessage(CHAIN_ID, SIGNERS, ENTRANCE, key),
      possessionMessage(CHAIN_ID, ENTRANCE, ACCOUNT, key),
      possessionMessage(1n, SIGNERS, ACCOUNT, key),
    ];
    expect(new Set(messages).size).to.equal(messages.length);
  });
});

describe("signatures", () => {
  const keys = [1, 2, 3].map(() => openKey(newSecretKey()));
  const message = attestationMessage(attestation);

  it("verify alone and as one aggregate, for their message only", () => {
    const [key] = keys;
    expect(verifySignature(key!.publicKey, message, key!.sign(message))).to.equal(true);
    expect(verifySignature(key!.publicKey, saltOf("other"), key!.sign(message))).to.equal(false);
    const all = sumSignatures(keys.map((one) => one.sign(message)));
    expect(verifySignature(aggregateKeys(keys.map((one) => one.publicKey)), message, all)).to.equal(true);
    expect(verifySignature(aggregateKeys(keys.slice(1).map((one) => one.publicKey)), message, all)).to.equal(false);
  });

  it("are unique: the same key and message give the same bytes", () => {
    expect(keys[0]!.sign(message)).to.equal(keys[0]!.sign(message));
  });

  it("A10: a proof of possession is no attestation, nor the other way round", () => {
    const [key] = keys;
    expect(verifyPossession(key!.publicKey, message, key!.provePossession(message))).to.equal(true);
    expect(verifySignature(key!.publicKey, message, key!.provePossession(message))).to.equal(false);
    expect(verifyPossession(key!.publicKey, message, key!.sign(message))).to.equal(false);
    expect(verifyPossession(keys[1]!.publicKey, message, key!.provePossession(message))).to.equal(false);
  });

  it("A6: infinity, points off the curve or of small order, flags and dirty padding are refused by name", () => {
    const [key] = keys;
    const signature = key!.sign(message);
    const bad: Hex[] = [
      `0x${"00".repeat(128)}`,
      // (0, 2): on the curve, of order 3
      `0x${"00".repeat(127)}02`,
      `0x${"00".repeat(63)}01${"00".repeat(63)}01`,
      `0x01${key!.publicKey.slice(4)}`,
      `0x${"00".repeat(16)}80${key!.publicKey.slice(36)}`,
    ];
    for (const publicKey of bad) {
      expect(
        refusal(() => verifySignature(publicKey, message, signature)),
        publicKey,
      ).to.equal("BadPoint");
    }
    expect(refusal(() => verifySignature(key!.publicKey, message, `0x${"00".repeat(256)}`))).to.equal("BadPoint");
    expect(refusal(() => verifySignature(key!.publicKey, message, "0x00"))).to.equal("MalformedHex");
  });
});
