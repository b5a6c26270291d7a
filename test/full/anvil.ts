import { type ChildProcess, spawn } from "node:child_process";
import { choosePorts } from "../../devnet/ports.ts";

export interface Anvil {
  readonly url: string;
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** A chain by other people, in a process of its own: it mines when a transaction comes, or when it is told to. */
export async function startAnvil(data: string, chainId: number, hardfork: string): Promise<Anvil> {
  const { anvil: port = 0 } = await choosePorts(data, ["anvil"]);
  // With one slot in an epoch the finalized block is two below the head, not 64.
  const args = ["--port", `${port}`, "--chain-id", `${chainId}`, "--hardfork", hardfork, "--slots-in-an-epoch", "1"];
  const child = spawn("anvil", [...args, "--silent"], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const request: Anvil["request"] = async (method, params = []) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "content-type": "application/json" };
    const answer = (await (await fetch(url, { method: "POST", headers, body })).json()) as { result: unknown };
    return answer.result;
  };
  await up(child, request);
  return {
    url,
    request,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    },
  };
}

async function up(child: ChildProcess, request: Anvil["request"]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`anvil ended with code ${child.exitCode}`);
    const answered = await request("eth_chainId").catch(() => undefined);
    if (answered !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("anvil does not answer");
}
