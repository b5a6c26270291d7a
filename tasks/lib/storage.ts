import { type Chain, openChain } from "../../adapters/chain.ts";
import { type HttpClient, openClient } from "../../adapters/http-client.ts";
import { type Log, silentLog } from "../../adapters/log.ts";
import type { NetworkJson } from "../../adapters/network.ts";

/** What a user of the storage network needs of it: the chain, and a way to its nodes. */
export interface StorageClient {
  readonly network: NetworkJson;
  readonly chain: Chain;
  readonly client: HttpClient;
  readonly log: Log;
  close(): Promise<void>;
}

/** Enough connections that segments overlap, to one node or to many. */
const SOCKETS = 16;

export async function openStorage(network: NetworkJson): Promise<StorageClient> {
  const client = openClient({ maxSockets: SOCKETS });
  const chain = await openChain({ ...network, log: silentLog }).catch((error: unknown) => {
    client.close();
    throw error;
  });
  return {
    ...{ network, chain, client, log: silentLog },
    close: async () => {
      client.close();
      await chain.close();
    },
  };
}
