import type { Contract } from "ethers";
import type { Intent } from "../../adapters/outbox.ts";
import { accountOf, registrationOf } from "../../devnet/registration.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Hex, normalHex } from "../../protocol/hex.ts";
import { ether, gwei, integer } from "../lib/format.ts";
import { keysOfParty } from "../lib/party.ts";
import { addressIn, etherOf, send, sentIn, type ValidatorArguments, withValidator } from "../lib/validatorTask.ts";

interface WithdrawArguments extends ValidatorArguments {
  readonly stake?: string;
  readonly to?: string;
}

/** Takes stake out of the slot, if asked for, and sends what is released and what sampling earned. */
export default async function withdraw(given: WithdrawArguments): Promise<void> {
  await withValidator(given, async (session) => {
    const { name, output, storage } = session;
    const { chain } = storage;
    const { signers, entrance } = chain;
    const keys = await keysOfParty(session);
    const account = accountOf(keys);
    const to = given.to === undefined ? account : addressIn("--to", given.to);
    const requested = given.stake === undefined ? 0n : await amountOf(given.stake);
    if (requested > 0n) await send(session, keys, await intent(signers, "requestWithdraw", [requested]));

    const bondOf = () => signers.getFunction("bondOf")(account);
    const released = await take(signers, (await bondOf()).withdrawable);
    const earned = await take(entrance, await entrance.getFunction("credit")(account));
    const { staked, unbonding, releaseBlock } = await bondOf();
    const head = await chain.head();

    if (requested > 0n) output.say(`Took ${ether(requested)} out of ${name}'s slot.`);
    if (requested > 0n && staked === 0n) {
      output.say("It has left. What it signs until the end of the next epoch is still audited: let its worker run on.");
    }
    if (released + earned > 0n) {
      output.say(`Sent ${ether(released)} of released stake and rewards, and ${gwei(earned)} of prizes, to ${to}.`);
    } else output.say("Nothing to take out now.");
    if (staked > 0n) output.say(`${ether(staked)} stay in the slot.`);
    if (unbonding > 0n) {
      const blocks = integer(releaseBlock - BigInt(head));
      output.say(
        `${ether(unbonding)} unbond until block ${integer(releaseBlock)}, in ${blocks} blocks; run it again then.`,
      );
    }
    output.result({
      ...{ validator: name, account, to, requested: String(requested), released: String(released) },
      ...{ earned: String(earned), staked: String(staked), unbonding: String(unbonding) },
      releaseBlock: unbonding === 0n ? null : Number(releaseBlock),
    });

    async function amountOf(text: string): Promise<bigint> {
      const registration = await registrationOf(chain, account);
      if (registration === null) {
        throw new ZgError("UnknownId", { validator: name, account, why: "it has no slot to take stake out of" });
      }
      const amount = text === "all" ? registration.stake : etherOf("--stake", text);
      if (amount > 0n) return amount;
      throw new ZgError("BadConfig", { field: "--stake", value: text, why: "more than nothing, or all" });
    }

    async function intent(contract: Contract, kind: string, args: readonly unknown[]): Promise<Intent> {
      return {
        // Planned twice before it is mined, it is the same; afterwards another withdrawal, also of the same amount.
        id: `${kind}-${contract === signers ? "stake" : "credit"}-${await chain.nonce(account, "latest")}`,
        kind,
        to: normalHex(String(contract.target), 20),
        data: contract.interface.encodeFunctionData(kind, args) as Hex,
        value: "0",
      };
    }

    /** Wei that it sent: more may have been credited in between. */
    async function take(contract: Contract, owed: bigint): Promise<bigint> {
      if (owed === 0n) return 0n;
      const { hash } = await send(session, keys, await intent(contract, "withdraw", [to]));
      return sentIn(contract, hash, owed);
    }
  });
}
