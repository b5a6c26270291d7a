/** A validator samples one batch and gives out its signature, on a folder that outlives it; killed where CRASHPOINT says. */
import { readFileSync } from "node:fs";
import { crashpoint } from "../../../adapters/crashpoint.ts";
import { attestationOf } from "../../../workers/validator/answer.ts";
import { knowing, readStored } from "../child.ts";
import { fakeChain, submittedEvent } from "../fake-chain.ts";
import { key, openValidator } from "./validator.ts";

const [dir = "", file = ""] = process.argv.slice(2);
const stored = readStored(readFileSync(file, "utf8"));
const { batchId } = stored.batch.facts;
const fake = fakeChain([{ publicKey: key.publicKey, from: 0 }]);
fake.mine(submittedEvent(stored.batch));
const at = { path: dir, remove: () => undefined };
const validator = await openValidator({ compute: knowing(stored), batches: [stored] }, fake, at);
await validator.follow();
await validator.round(stored);
const columns = validator.asked.filter((url) => url.includes("/columns/")).length;
const answer = attestationOf(batchId, validator.ledger.find(batchId), undefined);
crashpoint("signed-not-replied");
process.stdout.write(JSON.stringify({ columns, signature: answer.signature }));
await validator.ledger.close();
