/**
 * Where a validator wants to be asked. Anybody with stake registers any text, and the batcher sits inside somebody's
 * network: it asks no address that only means something there. Pure.
 */
import { BlockList, isIP } from "node:net";

type Range = readonly [address: string, bits: number];

/** Never a validator: this host, link-local (clouds keep their metadata there), multicast, broadcast, reserved. */
const NEVER: readonly Range[] = [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["224.0.0.0", 3],
  ["::", 128],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
  // AWS answers for its metadata here, too; inside the private range, so it must be named.
  ["fd00:ec2::254", 128],
];
/** Loopback, private, and the shared range of carriers: validators of a devnet. */
const LOCAL: readonly Range[] = [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["198.18.0.0", 15],
  ["::1", 128],
  ["fc00::", 7],
];
/** Alibaba's metadata, in the range of carriers. */
const NEVER_IN_LOCAL: readonly Range[] = [["100.100.100.200", 32]];

/** IPv6 addresses that carry an IPv4 one and reach it, by how the first 96 bits begin: mapped, compatible, NAT64. */
const CARRIERS: readonly Range[] = [
  ["::", 96],
  ["64:ff9b::", 96],
];
/** 6to4 and Teredo: tunnels to an IPv4 address. */
const TUNNELS: readonly Range[] = [
  ["2002::", 16],
  ["2001::", 32],
  ["64:ff9b:1::", 48],
];

const listOf = (...ranges: readonly Range[]): BlockList => {
  const list = new BlockList();
  for (const [address, bits] of ranges) list.addSubnet(address, bits, isIP(address) === 4 ? "ipv4" : "ipv6");
  return list;
};
const never = listOf(...NEVER, ...NEVER_IN_LOCAL, ...TUNNELS);
const local = listOf(...LOCAL);
const carriers = listOf(...CARRIERS);

/** @param inside whether the batcher's own machine and network may be asked. */
export const mayReach = (address: string, inside: boolean): boolean => {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  // `BlockList` looks into mapped addresses (::ffff:0:0/96) by itself.
  if (never.check(address, kind)) return false;
  if (local.check(address, kind)) return inside;
  return family === 4 || !carriers.check(address, "ipv6");
};

/** Why a socket is not asked; undefined: it may be. A name is looked at again when it has an address. */
export const refusedSocket = (socket: string, inside: boolean): string | undefined => {
  const url = URL.canParse(socket) ? new URL(socket) : undefined;
  if (url === undefined || url.hostname === "") return "not a URL with a host";
  if (url.protocol !== "http:" && url.protocol !== "https:") return "neither http nor https";
  if (url.username !== "" || url.password !== "") return "credentials in the URL";
  if (/[?#]/.test(socket)) return "query or fragment in the URL";
  const host = hostOf(url);
  if (isIP(host) !== 0) return mayReach(host, inside) ? undefined : "an address that is not public";
  return isLocalName(host) && !inside ? "a name that is not public" : undefined;
};

/** A chain behind a loopback or private address is a devnet's. */
export const isDevnet = (rpc: string): boolean => {
  const host = URL.canParse(rpc) ? hostOf(new URL(rpc)) : "";
  return isIP(host) === 0 ? isLocalName(host) : mayReach(host, true) && !mayReach(host, false);
};

/**
 * Whether a socket may lead into the batcher's own network: where the chain is there, too, and where the operator has
 * named this very validator, as `up` does that runs validators of its own on a public chain.
 */
export const insideOf = (rpc: string, validators: readonly string[]): ((socket: string) => boolean) => {
  const own = new Set(validators.map(withoutSlash));
  const devnet = isDevnet(rpc);
  return (socket) => devnet || own.has(withoutSlash(socket));
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

const isLocalName = (host: string): boolean => host === "localhost" || host.endsWith(".localhost");
