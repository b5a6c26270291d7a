import { accountOf, keyHashOf, type Registration, registrationOf } from "../../devnet/registration.ts";
import type { Hex } from "../../protocol/hex.ts";
import { ether, gwei, integer, percent } from "../lib/format.ts";
import { keysOfParty } from "../lib/party.ts";
import { drawTable } from "../lib/table.ts";
import { type Audits, recordOf, signaturesOf } from "../lib/validatorRecord.ts";
import { type ValidatorArguments, type ValidatorSession, withValidator } from "../lib/validatorTask.ts";
import { workerOf, workerRows } from "../lib/validatorWorker.ts";

/** What the chain knows of a validator, and what its worker says, if one runs. */
export default async function status(given: ValidatorArguments): Promise<void> {
  await withValidator(given, async (session) => {
    const { name, network, output } = session;
    const { chain } = session.storage;
    const keys = await keysOfParty(session);
    const account = accountOf(keys);
    const [worker, standing, bond, credit, balance] = await Promise.all([
      workerOf(session, given.id),
      standingOf(session, account, keyHashOf(keys)),
      chain.signers.getFunction("bondOf")(account),
      chain.entrance.getFunction("credit")(account) as Promise<bigint>,
      chain.provider.getBalance(account),
    ]);
    const { record, audits } = await recordOf(chain, account, { from: network.fromBlock, to: standing.head });
    const signatures = signaturesOf(record);
    const { registration, epoch, counts, totalStake } = standing;
    const jailedUntil = Number(bond.jailedUntil) > standing.head ? Number(bond.jailedUntil) : null;
    const releaseBlock = bond.unbonding === 0n ? null : Number(bond.releaseBlock);
    const fromEpoch = registration === null || counts ? null : (record.seats.at(-1)?.from ?? null);

    output.say(
      drawTable([
        ["validator", name],
        ["account", `${account}  ${gwei(balance)} for gas`],
        ...placeRows(registration, fromEpoch, jailedUntil),
        ["epoch", `${integer(epoch)}, ends with block ${integer(standing.epochEnd)}`],
        ["decides now", counts ? `with ${ether(standing.stake)}, ${percent(standing.stake, totalStake)} of all` : "no"],
        [
          "unbonding",
          releaseBlock === null ? "nothing" : `${ether(bond.unbonding)} until block ${integer(releaseBlock)}`,
        ],
        ["signed", `${integer(signatures.signed)} of ${integer(record.confirmed.size)} certificates of its epochs`],
        ["claims", `${integer(record.claims)}, ${gwei(record.earned)}`],
        ["audits", auditText(audits)],
        ["lost", record.lost === 0n ? "nothing" : ether(record.lost)],
        ["credit", `${gwei(credit)} of prizes, ${gwei(bond.withdrawable)} of released stake and rewards`],
        ...workerRows(worker),
      ]),
    );
    if (audits.silent > 0) {
      output.warn(`${name} was asked ${audits.silent} times and did not answer in time: anyone may have it slashed.`);
    }
    output.result({
      ...{ validator: name, account, balance: String(balance), slot: registration?.slot ?? null },
      ...{ stake: String(registration?.stake ?? 0n), socket: registration?.socket ?? null },
      ...{ leaseEnd: registration?.leaseEnd ?? null, epoch, counts, fromEpoch, totalStake: String(totalStake) },
      ...{ unbonding: String(bond.unbonding), releaseBlock, withdrawable: String(bond.withdrawable), jailedUntil },
      ...{ signatures, claims: record.claims, earned: String(record.earned), audits },
      ...{ lost: String(record.lost), rewards: String(record.rewards), credit: String(credit), worker },
    });
  });
}

/** Its place, and what it has to say in the running epoch. */
async function standingOf({ storage: { chain } }: ValidatorSession, account: Hex, keyHash: Hex) {
  const { signers } = chain;
  const [registration, [epoch, totalStake], epochBlocks, firstBlock, head] = await Promise.all([
    registrationOf(chain, account),
    signers.getFunction("currentSet")(),
    signers.getFunction("epochBlocks")(),
    signers.getFunction("firstBlock")(),
    chain.head(),
  ]);
  const epochEnd = Number(firstBlock + (epoch + 1n) * epochBlocks - 1n);
  const common = { registration, epoch: Number(epoch), epochEnd, totalStake: BigInt(totalStake), head };
  try {
    const [slot, hint] = await signers.getFunction("findKey")(keyHash, epoch);
    const [stake] = await signers.getFunction("slotAt")(slot, epoch, hint);
    return { ...common, counts: true, stake: BigInt(stake) };
  } catch (error) {
    const named = chain.errorOf(error);
    if (named.fields.error !== "NotInSet") throw named;
    return { ...common, counts: false, stake: 0n };
  }
}

function placeRows(
  registration: Registration | null,
  fromEpoch: number | null,
  jailedUntil: number | null,
): [string, string][] {
  if (registration === null) {
    const jail = jailedUntil === null ? "`npx hardhat validator register`" : `in jail until ${integer(jailedUntil)}`;
    return [["slot", `none: ${jail}`]];
  }
  const { slot, stake, socket, leaseEnd } = registration;
  return [
    ["slot", String(slot)],
    ["stake", `${ether(stake)}${fromEpoch === null ? "" : `, counts from epoch ${integer(fromEpoch)}`}`],
    ["socket", socket],
    ["lease", `until epoch ${integer(leaseEnd)}`],
  ];
}

function auditText({ asked, answered, open, deadline, silent, punished }: Audits): string {
  return [
    `asked ${integer(asked)} times`,
    `answered ${integer(answered)}`,
    ...(deadline === null ? [] : [`${integer(open)} open, the next until block ${integer(deadline)}`]),
    ...(silent === 0 ? [] : [`${integer(silent)} not answered in time`]),
    ...(punished === 0 ? [] : [`slashed for ${integer(punished)}`]),
  ].join(", ");
}
