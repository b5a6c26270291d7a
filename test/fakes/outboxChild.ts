/** One life of a sender: plans one intent, steps, and dies where CRASHPOINT says. Arguments: JSON. */
import { Wallet } from "ethers";
import { openBucket } from "../../adapters/bucket.ts";
import { openChain } from "../../adapters/chain.ts";
import { silentLog } from "../../adapters/log.ts";
import { type Intent, openOutbox } from "../../adapters/outbox.ts";
import { CONTRACTS } from "./bareChain.ts";

interface Life {
  readonly bucket: string;
  readonly rpc: string;
  readonly chainId: number;
  readonly key: string;
  readonly intent: Intent;
  readonly finality: number;
}

const life = JSON.parse(process.argv[2] ?? "{}") as Life;
const bucket = await openBucket(life.bucket);
const chain = await openChain({ ...life, contracts: CONTRACTS, log: silentLog });
const outbox = await openOutbox({ bucket, chain, wallet: new Wallet(life.key), log: silentLog });
await outbox.enqueue(life.intent);
await outbox.step();
await chain.provider.send("evm_mine", []);
await outbox.step();
for (let i = 0; i < life.finality; i += 1) await chain.provider.send("evm_mine", []);
await outbox.step();
await chain.close();
await bucket.close();
