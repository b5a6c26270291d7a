import { DEVNET_CHAIN_ID } from "../../adapters/network.ts";
import { choosePorts, knownPorts } from "../../devnet/ports.ts";
import { accountOf, dueOf, isLocal, missingOf, registrationOf } from "../../devnet/registration.ts";
import { ZgError } from "../../protocol/errors.ts";
import { ether, integer } from "../lib/format.ts";
import { fundAccount, ownKeys } from "../lib/party.ts";
import { drawTable } from "../lib/table.ts";
import { etherOf, send, type ValidatorArguments, type ValidatorSession, withValidator } from "../lib/validatorTask.ts";

interface RegisterArguments extends ValidatorArguments {
  readonly stake?: string;
  readonly socket?: string;
  readonly rotate: boolean;
}

/** Makes a validator's keys, funds it and registers it; of one that is registered, what differs is made right. */
export default async function register(given: RegisterArguments): Promise<void> {
  await withValidator(given, async (session) => {
    const { name, network, output } = session;
    const { chain } = session.storage;
    const stake = given.stake === undefined ? undefined : etherOf("--stake", given.stake);
    const chosen = given.socket === undefined ? undefined : socketIn(given.socket);
    // The worker listens there also when it is asked somewhere else.
    const local = await ownSocket(session, given.id);
    const keys = await ownKeys(session);
    const candidate = { keys, socket: chosen ?? local, stake, insists: chosen !== undefined, rotates: given.rotate };
    const missing = await missingOf(chain, candidate);
    await fundAccount(session, accountOf(keys), dueOf(missing));
    for (const intent of missing) await send(session, keys, intent);

    const registration = await registrationOf(chain, accountOf(keys));
    if (registration === null) throw new ZgError("ChainReverted", { error: "NotRegistered", account: accountOf(keys) });
    const did = missing.map(({ kind }) => kind);
    const { slot, leaseEnd } = registration;
    output.say(
      drawTable([
        ["validator", name],
        ["account", accountOf(keys)],
        ["slot", String(slot)],
        ["stake", ether(registration.stake)],
        ["socket", registration.socket],
        ["lease", `until epoch ${integer(leaseEnd)}; its worker renews it`],
        ["sent", did.length === 0 ? "nothing: it was registered so" : did.join(", ")],
      ]),
    );
    if (did.some((kind) => ["register", "deposit", "rotateKey"].includes(kind))) {
      output.say("What changed counts from the epoch after next. `npx hardhat validator status` says when that is.");
    }
    if (network.chainId !== DEVNET_CHAIN_ID && isLocal(registration.socket)) {
      output.warn(`Only a batcher on this machine can ask ${registration.socket}: give it a public --socket.`);
    }
    output.result({
      ...{ validator: name, account: accountOf(keys), slot, stake: String(registration.stake) },
      ...{ socket: registration.socket, leaseEnd, sent: did },
    });
  });
}

/** Where its worker listens: for good, also while it does. */
async function ownSocket({ network, data, name }: ValidatorSession, id: number): Promise<string> {
  const port = async () => (await knownPorts(data))[name] ?? (await choosePorts(data, [name]))[name];
  return network.validators[id] ?? `http://127.0.0.1:${await port()}`;
}

/** The chain takes any text; nobody would ask most of them. */
function socketIn(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return text;
  throw new ZgError("BadConfig", { field: "--socket", socket: text, why: "an http or https URL without credentials" });
}
