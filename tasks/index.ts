/** The tasks' names, arguments and help; what they do is in the file each names, loaded when it runs. */
import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { NewTaskDefinition } from "hardhat/types/tasks";

const data = {
  name: "data",
  description: "Data folder of the network (default: .zerog)",
  type: ArgumentType.STRING_WITHOUT_DEFAULT,
  defaultValue: undefined,
} as const;
const json = { name: "json", description: "Print one line of JSON at the end, and nothing else on stdout" } as const;

const disperse = task("disperse", "Store a file and follow it until it is certified, read it back, compare every byte")
  .addPositionalArgument({ name: "file", description: "File of 1 to 32,505,852 bytes" })
  .addOption({
    name: "wait",
    description: "Return when the blob is: stored, confirmed or finalized",
    defaultValue: "finalized",
  })
  .addOption({
    name: "out",
    description: "Where to write the receipt (default: .zerog/receipts/<blobKey>.json)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "account",
    description: "Account to record, 20 bytes hex (recorded, not authenticated; default: zero)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "salt",
    description: "32 bytes hex: the same file, account and salt are the same request (default: zero)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({ ...data, description: "Data folder of a running network (default: .zerog, else one just for this run)" })
  .addFlag(json)
  .setAction(() => import("./disperse.ts"))
  .build();

const status = task("status", "Say how far a blob is")
  .addPositionalArgument({ name: "id", description: "requestId or blobKey, 32 bytes hex" })
  .addFlag({ name: "follow", description: "Keep watching until it is finalized or has failed" })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./status.ts"))
  .build();

const retrieve = task("retrieve", "Read a blob back from the chain and the storage nodes, trusting none of them")
  .addPositionalArgument({ name: "id", description: "blobKey or requestId, 32 bytes hex" })
  .addOption({
    name: "out",
    description: "File to write",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./retrieve.ts"))
  .build();

const up = task("up", "Start a network and keep it running until Ctrl-C")
  .addOption({
    name: "storageNodes",
    description: "How many storage nodes to run",
    type: ArgumentType.INT,
    defaultValue: 2,
  })
  .addOption({
    name: "shards",
    description: "Into how many shards they divide the log, a power of two (default: each keeps everything)",
    type: ArgumentType.INT,
    defaultValue: 1,
  })
  .addOption({
    name: "quota",
    description: "GiB a storage node keeps before it halves its shard (default: as much as comes)",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./up.ts"))
  .build();

const worker = task("worker", "Run one worker of a network as a process of its own")
  .addPositionalArgument({
    name: "name",
    description: "disperser, encoder, batcher, sender, storage, validator, indexer or kv",
  })
  .addOption({
    name: "id",
    description: "Which of several: storage, validator or kv 0, 1 …",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./worker.ts"))
  .build();

const join = task("join", "Fund and register validators on a deployed network with one key, and write its network.json")
  .addOption({
    name: "validators",
    description: "How many validators to run",
    type: ArgumentType.INT,
    defaultValue: 4,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./join.ts"))
  .build();

export const tasks: NewTaskDefinition[] = [disperse, status, retrieve, up, worker, join];
