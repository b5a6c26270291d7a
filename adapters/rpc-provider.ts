import { setImmediate } from "node:timers/promises";
import { JsonRpcApiProvider, type JsonRpcError, type JsonRpcPayload, type JsonRpcResult, Network } from "ethers";
import { type Rpc, RpcError } from "./rpc.ts";

/** ethers on top of our own JSON-RPC client: the same deadlines, checks and fallbacks for contract calls. */
export class RpcProvider extends JsonRpcApiProvider {
  readonly #rpc: Rpc;
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(rpc: Rpc, chainId: number, pollMs: number) {
    const network = Network.from(chainId);
    // One call, one request: batching would wait 10 ms for company. No cache: 250 ms old answers break read-your-writes.
    super(network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1, pollingInterval: pollMs });
    this.#rpc = rpc;
    // Nothing to detect: the chain id was proved before.
    this._start();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const sent = this.#send(payload);
    this.#inFlight.add(sent);
    return sent.finally(() => this.#inFlight.delete(sent));
  }

  /**
   * What is polling stops, what was asked is answered, and only then is the provider destroyed: ethers fails requests
   * that are in flight, and nobody waits for those of its pollers, so that the failure would end the process.
   */
  async close(): Promise<void> {
    await this.removeAllListeners();
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
    // The answers have been handed on by the time the next task runs.
    await setImmediate();
    this.destroy();
  }

  async #send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const calls = Array.isArray(payload) ? payload : [payload];
    return Promise.all(
      calls.map(async ({ id, method, params }) => {
        try {
          return { id, result: await this.#rpc.call(method, Array.isArray(params) ? params : [params]) };
        } catch (error) {
          if (!(error instanceof RpcError)) throw error;
          return { id, error: { code: error.code, message: error.message, data: error.data } };
        }
      }),
    );
  }
}
