/** The tasks' names, arguments and help; what they do is in the file each names, loaded when it runs. */
import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";
import { disputeTasks } from "./disputes.ts";
import { miningTasks } from "./miner/index.ts";
import { data, json } from "./options.ts";
import { validatorTasks } from "./validator/index.ts";

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

const sample = task("sample", "Sample a batch, or one blob alone, as anyone: columns drawn here, fetched and proved")
  .addPositionalArgument({ name: "id", description: "batchId or blobKey, 32 bytes hex" })
  .addOption({
    name: "samples",
    description: "How many of the 128 columns to draw",
    type: ArgumentType.INT,
    defaultValue: 30,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./sample.ts"))
  .build();

const up = task("up", "Start a network and keep it running until Ctrl-C")
  .addOption({
    name: "storageNodes",
    description: "How many storage nodes to run (default: as many as this folder has, else 2)",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption({
    name: "shards",
    description: "Into how many shards they divide the log, a power of two (default: as this folder has it, else 1)",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption({
    name: "quota",
    description: "GiB a storage node keeps before it halves its shard (default: as much as comes)",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption({
    name: "miners",
    description: "How many miners to run (default: as many as this folder has, else 1)",
    type: ArgumentType.INT,
    defaultValue: -1,
  })
  .addOption({
    name: "minerShards",
    description: "Into how many shards they divide the log, a power of two (default: as this folder has it, else 1)",
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
    description: "disperser, encoder, batcher, sender, storage, validator, indexer, kv or miner",
  })
  .addOption({
    name: "id",
    description: "Which of several: storage, validator, kv or miner 0, 1 …",
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
  .addOption({ name: "miners", description: "How many miners to run", type: ArgumentType.INT, defaultValue: 0 })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./join.ts"))
  .build();

const replicas = {
  name: "replicas",
  description: "Whole copies to store",
  type: ArgumentType.INT,
  defaultValue: 1,
} as const;
const length = {
  name: "length",
  description: "Bytes of the file, where files of several lengths share a root; 0: the first of them in the log",
  type: ArgumentType.INT,
  defaultValue: 0,
} as const;

const upload = task(
  "upload",
  "Store a file or a folder in 0G Storage; run again after any end, it goes on and pays once",
)
  .addPositionalArgument({ name: "path", description: "A file of at least one byte, or a folder" })
  .addOption(replicas)
  .addOption({ name: "tags", description: "Tags of the entry, 0x and at most 1,024 bytes of hex", defaultValue: "0x" })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./upload.ts"))
  .build();

const download = task("download", "Fetch a file or a folder by its root, every segment verified; run again to go on")
  .addPositionalArgument({ name: "root", description: "Root of the file, or of the folder's manifest, 32 bytes hex" })
  .addOption({
    name: "out",
    description: "File or folder to write",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption(length)
  .addFlag({ name: "raw", description: "Write a folder's manifest as the file that it is" })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./download.ts"))
  .build();

const file = task("file", "Say what is known of a file: entry, size, who holds it, until when it is paid for")
  .addPositionalArgument({ name: "root", description: "Root of the file, 32 bytes hex" })
  .addOption(length)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./file.ts"))
  .build();

const stream = { name: "stream", description: "Stream, 32 bytes hex" } as const;
const key = { name: "key", description: "Key: text, or 0x and hex" } as const;
const atVersion = {
  name: "atVersion",
  description: "As of this entry of the log (default: the latest)",
  type: ArgumentType.INT,
  defaultValue: -1,
} as const;

const kv = emptyTask("kv", "Read and write streams of the key-value layer").build();

const kvPut = task(["kv", "put"], "Write a value; the first who writes to a stream is its admin")
  .addPositionalArgument(stream)
  .addPositionalArgument(key)
  .addPositionalArgument({
    name: "value",
    description: 'Value: text, or 0x and hex; "" deletes the key',
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "file",
    description: "File whose bytes are the value",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "ifVersion",
    description: "Only if the key was not written after this entry of the log (default: in any case)",
    type: ArgumentType.INT,
    defaultValue: -1,
  })
  .addFlag({ name: "wait", description: "Wait until the KV node says whether the write took effect" })
  .addOption(replicas)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./kv/put.ts"))
  .build();

const kvGet = task(["kv", "get"], "Read a value")
  .addPositionalArgument(stream)
  .addPositionalArgument(key)
  .addOption(atVersion)
  .addFlag({ name: "proof", description: "Check against the chain who wrote it, and when" })
  .addOption({
    name: "out",
    description: "File to write the value to (default: shown)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./kv/get.ts"))
  .build();

const kvList = task(["kv", "list"], "List the keys of a stream, in the order of their bytes")
  .addPositionalArgument(stream)
  .addOption({ name: "prefix", description: "Only keys that begin so: text, or 0x and hex", defaultValue: "" })
  .addFlag({ name: "reverse", description: "From the last key backwards" })
  .addOption({ name: "limit", description: "How many at most", type: ArgumentType.INT, defaultValue: 100 })
  .addOption(atVersion)
  .addOption(data)
  .addFlag(json)
  .setAction(() => import("./kv/list.ts"))
  .build();

const kvWatch = task(["kv", "watch"], "Show writes to a stream as they take effect, until Ctrl-C")
  .addPositionalArgument(stream)
  .addPositionalArgument({
    ...key,
    description: "Only this key",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "from",
    description: "From this entry of the log on (default: from now)",
    type: ArgumentType.INT,
    defaultValue: -1,
  })
  .addOption({
    name: "count",
    description: "End after so many writes; 0: never",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addOption(data)
  .addFlag({ ...json, description: "Print a line of JSON for each write, and nothing else on stdout" })
  .setAction(() => import("./kv/watch.ts"))
  .build();

export const tasks: TaskDefinition[] = [
  ...[disperse, status, retrieve, sample, upload, download, file],
  ...[kv, kvPut, kvGet, kvList, kvWatch],
  ...validatorTasks,
  ...disputeTasks,
  ...miningTasks,
  ...[up, worker, join],
];
