/** Writes to a store, a bucket and slots, saying on stderr (unbuffered) when each write is acknowledged or refused. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBucket } from "../../adapters/bucket.ts";
import { openSlots } from "../../adapters/slots.ts";
import { openStore } from "../../adapters/store.ts";

const [, , dir = "", size = "1000"] = process.argv;
const say = (line: string): number => writeSync(2, `${line}\n`);
const store = await openStore(join(dir, "store"), { tables: ["rows"] });
const bucket = await openBucket(pathToFileURL(join(dir, "bucket")).href);
const slots = await openSlots(join(dir, "slots.bin"), { slotBytes: Number(size), taken: new Uint8Array() });
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
  say(`slots ${n} begins`);
  say(
    await slots.write(n, body(n)).then(
      () => `slots ${n} acknowledged`,
      (error) => `slots ${n} refused ${error.code}`,
    ),
  );
}
// Two at once: the flush that fails may have been for both.
const both = await Promise.allSettled([slots.write(4, body(4)), slots.write(5, body(5))]);
say(`slots together ${both.map(({ status }) => status).join(" ")}`);
for (let n = 0; n < 4; n += 1) {
  say(`store ${n} ${store.table("rows").get(String(n))?.length ?? "absent"}`);
  say(`bucket ${n} ${(await bucket.get(`folder/${n}`))?.length ?? "absent"}`);
}
await slots.close();
await store.close();
