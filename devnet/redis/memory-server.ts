// Run as a process by memory.ts: prints its URL, then serves until it is told to end.
import { createRedisMock } from "js-redis-server";

const server = await createRedisMock();
const [address] = server.addresses();
if (address === undefined) throw new Error("js-redis-server has no address");
console.log(`redis://${address.host}:${address.port}`);
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
