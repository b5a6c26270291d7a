import type { NetworkJson } from "../../adapters/network.ts";
import { knownPorts } from "../../devnet/ports.ts";

/** The network as validator `id` of this folder sees it, which `validator register` may have added beside its own. */
export async function withValidatorPlace(network: NetworkJson, data: string, id: number): Promise<NetworkJson> {
  const ports = await knownPorts(data);
  const validators = [...network.validators];
  for (let next = validators.length; next <= id; next++) {
    const port = ports[`validator-${next}`];
    // Without a port it was never registered from here.
    if (port === undefined) return network;
    validators.push(`http://127.0.0.1:${port}`);
  }
  return { ...network, validators };
}
