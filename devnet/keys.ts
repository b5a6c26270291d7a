import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { newSecretKey } from "../adapters/bls.ts";
import { createFile } from "../adapters/files.ts";
import { type Hex, toHex } from "../protocol/hex.ts";

const secret = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value));
const Keys = z.object({ wallet: secret, bls: secret });

export type PartyKeys = z.infer<typeof Keys>;

/**
 * A party's keys: a wallet for what it sends, a BLS key for what it signs. Made once, at random, readable by their
 * owner only; there are no default keys.
 */
export async function partyKeys(data: string, party: string): Promise<PartyKeys> {
  const folder = join(data, "keys");
  const path = join(folder, `${party}.json`);
  const known = await knownKeys(data, party);
  if (known !== null) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keys: PartyKeys = { wallet: toHex(randomBytes(32)), bls: newSecretKey() };
  await createFile(path, JSON.stringify(keys), 0o600);
  // Of two processes that made keys at once, both use the first one's.
  return Keys.parse(JSON.parse(await readFile(path, "utf8")));
}

/** The keys of a party that has some already. */
export async function knownKeys(data: string, party: string): Promise<PartyKeys | null> {
  const known = await readFile(join(data, "keys", `${party}.json`), "utf8").catch(() => null);
  return known === null ? null : Keys.parse(JSON.parse(known));
}
