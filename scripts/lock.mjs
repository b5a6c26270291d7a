// Run after every change of dependencies: `node scripts/lock.mjs` (`--check` only looks, and fails when there is work).
import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const { packages } = lock;
const changes = [];

// Hardhat's bindings ask for Node >= 22. They run on the pinned Node, but npm compares with the Node that runs npm, and
// drops an optional package in silence.
for (const [path, entry] of Object.entries(packages)) {
  if (path.startsWith("node_modules/@nomicfoundation/edr-") && entry.engines) {
    delete entry.engines;
    changes.push(`${path}: engines`);
  }
}

// A registry mirror may know only some platforms of a package; npm then writes a lock file that it refuses elsewhere.
// These entries carry no integrity, because the file was not seen when the lock was written.
const CPU = { amd64: "x64", x64: "x64", arm64: "arm64" };
for (const [path, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = /-(darwin|linux|win32)-(amd64|x64|arm64)(?:-(gnu|musl|msvc))?$/.exec(name);
    if (packages[key] || packages[`${path}/${key}`] || !platform || !/^\d/.test(version)) continue;
    const [, os, arch, libc] = platform;
    packages[key] = {
      version,
      cpu: [CPU[arch]],
      ...(entry.dev && { dev: true }),
      ...(os === "linux" && libc && { libc: [libc === "gnu" ? "glibc" : libc] }),
      optional: true,
      os: [os],
    };
    changes.push(`${key}: added`);
  }
}

if (changes.length === 0) process.exit(0);
console.log(changes.join("\n"));
if (process.argv.includes("--check")) process.exit(1);
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
