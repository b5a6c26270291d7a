import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../adapters/files.ts";

const FILE = "ports.json";
const Ports = z.record(z.string(), z.int().min(1).max(65535));

/**
 * A port for each name, the same as last time where it is still free: validators' sockets are on the chain, and users
 * keep endpoints in their notes.
 */
export async function choosePorts(data: string, names: readonly string[]): Promise<Record<string, number>> {
  const known = await knownPorts(data);
  const ports: Record<string, number> = { ...known };
  const held = [];
  for (const name of names) {
    // Every port is held until all are chosen, so that no two names get one.
    const server = (await listen(known[name] ?? 0)) ?? (await listen(0));
    if (server === null) throw new Error("no free port on 127.0.0.1");
    held.push(server);
    ports[name] = (server.address() as AddressInfo).port;
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  await replaceFile(join(data, FILE), `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

/** The ports that were chosen last time. */
export function knownPorts(data: string): Promise<Readonly<Record<string, number>>> {
  return readFile(join(data, FILE), "utf8").then(
    (text) => Ports.parse(JSON.parse(text)),
    () => ({}),
  );
}

async function listen(port: number): Promise<ReturnType<typeof createServer> | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(null)).listen(port, "127.0.0.1", () => resolve(server));
  });
}
