import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { executable, type RedisBinary } from "./find.ts";

const run = promisify(execFile);
/** Two package lists and about 2 MB of packages: seconds on any line that works at all. */
const DOWNLOAD_DEADLINE_MS = 90_000;

/** The copy that an earlier start unpacked. */
export async function findUnpacked(cache: string): Promise<RedisBinary | null> {
  const root = join(cache, `redis-${process.arch}`);
  const path = join(root, "usr/bin/redis-server");
  return (await executable(path)) ? { path, env: { LD_LIBRARY_PATH: await libraryFolders(root) } } : null;
}

/**
 * Debian's and Ubuntu's own packages, checked by apt, unpacked beside the project. Nothing is installed and no root is
 * needed: apt gets lists and a cache of its own. Null where there is no apt or it cannot reach its mirror.
 */
export async function fetchFromDebian(cache: string): Promise<RedisBinary | null> {
  if (!(await executable("/usr/bin/apt-get")) || !(await executable("/usr/bin/dpkg-deb"))) return null;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "fetch-"));
  try {
    await download(work);
    const archives = join(work, "cache/archives");
    for (const file of await readdir(archives)) {
      if (file.endsWith(".deb")) await run("/usr/bin/dpkg-deb", ["-x", join(archives, file), join(work, "root")]);
    }
    // Of two starts at once, the second finds the folder taken by an equal copy.
    await rename(join(work, "root"), join(cache, `redis-${process.arch}`)).catch(() => undefined);
  } catch {
    return null;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return findUnpacked(cache);
}

async function download(work: string): Promise<void> {
  for (const folder of ["lists/partial", "cache/archives/partial"])
    await mkdir(join(work, folder), { recursive: true });
  const options = [`Dir::State::Lists=${join(work, "lists")}`, `Dir::Cache=${join(work, "cache")}`]
    .concat("Debug::NoLocking=1", "APT::Sandbox::User=", "Acquire::Retries=1", "Acquire::Languages=none")
    .flatMap((option) => ["-o", option]);
  const limits = { timeout: DOWNLOAD_DEADLINE_MS, maxBuffer: 1 << 24 };
  await run("/usr/bin/apt-get", [...options, "update"], limits);
  const install = ["--yes", "--download-only", "--no-install-recommends", "install", "redis-server"];
  await run("/usr/bin/apt-get", [...options, ...install], limits);
}

async function libraryFolders(root: string): Promise<string> {
  const entries = await readdir(join(root, "usr/lib"), { recursive: true, withFileTypes: true });
  const folders = entries.filter(({ name }) => /\.so(\.|$)/.test(name)).map(({ parentPath }) => parentPath);
  return [...new Set(folders)].join(":");
}
