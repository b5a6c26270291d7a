import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { openRpc, type Rpc } from "../../adapters/rpc.ts";
import { until } from "./wait.ts";

export interface Anvil {
  readonly url: string;
  readonly chainId: number;
  readonly rpc: Rpc;
  mine(blocks?: number): Promise<void>;
  /** Takes back the last blocks; their transactions return to nowhere. */
  reorg(depth: number): Promise<void>;
  stop(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
};

/** A chain of another make than the devnet's, in another process, with reorgs; it mines only when told to. */
export const startAnvil = async (options: { chainId?: number; args?: readonly string[] } = {}): Promise<Anvil> => {
  const chainId = options.chainId ?? 31_338;
  const port = await freePort();
  const binary = createRequire(import.meta.url)
    .resolve("@foundry-rs/anvil/package.json")
    .replace(/package\.json$/, "");
  const { bin } = createRequire(import.meta.url)("@foundry-rs/anvil/package.json") as { bin: Record<string, string> };
  const args = [
    "--port",
    String(port),
    "--chain-id",
    String(chainId),
    "--hardfork",
    "prague",
    "--no-mining",
    "--silent",
  ];
  const child = spawn(process.execPath, [`${binary}${bin.anvil}`, ...args, ...(options.args ?? [])], {
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  const rpc = openRpc({ url, timeoutMs: 10_000 });
  await until(
    "anvil answers",
    () =>
      rpc.call("eth_chainId", []).then(
        () => true,
        () => false,
      ),
    20_000,
  );
  return {
    url,
    chainId,
    rpc,
    mine: async (blocks = 1) => {
      for (let i = 0; i < blocks; i += 1) await rpc.call("evm_mine", []);
    },
    reorg: async (depth) => {
      await rpc.call("anvil_reorg", [depth, []]);
    },
    stop: async () => {
      rpc.close();
      const exited = once(child, "exit");
      // The launcher is a script with the binary below it: the whole group ends.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await exited;
    },
  };
};
