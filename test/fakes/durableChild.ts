/** Writes to a store and a bucket, saying on stderr (unbuffered) when each write is acknowledged or refused. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBucket } from "../../adapters/bucket.ts";
import { openStore } from "../../adapters/store.ts";

const [, , dir = "", size = "1000"] = process.argv;
const say = (line: string): number => writeSync(2, `${line}\n`);
const store = await openStore(join(dir, "store"), { tables: ["rows"] });
const bucket = await openBucket(pathToFileURL(join(dir, "bucket")).href);
const body = (n: number): Uint8Array => Buffer.alloc(Number(size), n);

for (let n = 0; n < 4; n += 1) {
  say(`store ${n} begins`);
  const stored = store.write((tx) => tx.put("rows", String(n), body(n)));
  say(
    await stored.then(
      () => `store ${n} acknowledged`,
      (error) => `store ${n} refused ${error.code}`,
    ),
  );
  say(`bucket ${n} begins`);
  const put = bucket.put(`folder/${n}`, body(n), { once: n % 2 === 0 });
  say(
    await put.then(
      () => `bucket ${n} acknowledged`,
      (error) => `bucket ${n} refused ${error.code}`,
    ),
  );
}
for (let n = 0; n < 4; n += 1) {
  say(`store ${n} ${store.table("rows").get(String(n))?.length ?? "absent"}`);
  say(`bucket ${n} ${(await bucket.get(`folder/${n}`))?.length ?? "absent"}`);
}
await store.close();
