import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { readConfig } from "../../adapters/config.ts";
import { type NetworkJson, readNetwork, removeNetwork, writeNetwork } from "../../adapters/network.ts";
import { type ErrorCode, ZgError } from "../../protocol/errors.ts";
import { rejection } from "../fakes/errors.ts";
import { tempDir } from "../fakes/temp.ts";

const address = (digit: string) => `0x${digit.repeat(40)}` as const;
const addresses = {
  FLOW_ADDRESS: address("1"),
  FIXED_PRICE_ADDRESS: address("2"),
  CHUNK_LINEAR_REWARD_ADDRESS: address("3"),
  PORA_MINE_ADDRESS: address("6"),
  DA_SAMPLING_ADDRESS: address("7"),
  DA_CHALLENGE_ADDRESS: address("8"),
  CELL_VERIFIER_ADDRESS: address("9"),
  DA_SIGNERS_ADDRESS: address("4"),
  DA_ENTRANCE_ADDRESS: address("5"),
};

describe("config", () => {
  it("embeds everything by default", () => {
    const config = readConfig({});
    expect(config).to.include({ data: resolve(".zerog"), redis: undefined, bucket: undefined, rpc: undefined });
  });

  it("reads external parts from the environment", () => {
    const config = readConfig(
      {
        REDIS_URL: "redis://h:1",
        S3_ENDPOINT: "http://s3:9000",
        S3_BUCKET: "blobs",
        S3_PREFIX: "a/b",
        RPC_URL: "https://rpc.example/key",
        CHAIN_ID: "16602",
        FINALITY: "12",
        ...addresses,
      },
      { data: "/tmp/d" },
    );
    expect(config).to.include({ redis: "redis://h:1", chainId: 16602, finality: 12, data: "/tmp/d" });
    expect(config.bucket).to.equal("s3://blobs/a/b?endpoint=http%3A%2F%2Fs3%3A9000");
    expect(config.contracts).to.deep.equal({
      Flow: address("1"),
      FixedPrice: address("2"),
      ChunkLinearReward: address("3"),
      PoraMine: address("6"),
      DASampling: address("7"),
      DAChallenge: address("8"),
      CellVerifier: address("9"),
      DASigners: address("4"),
      DAEntrance: address("5"),
    });
    expect(readConfig({ FINALITY: "finalized", REDIS_URL: "" })).to.include({
      finality: "finalized",
      redis: undefined,
    });
  });

  it("names the variable that is wrong", () => {
    const { FLOW_ADDRESS: _, ...withoutFlow } = addresses;
    const cases: [NodeJS.ProcessEnv, string][] = [
      [{ REDIS_URL: "localhost" }, "REDIS_URL"],
      [{ RPC_URL: "ws://x" }, "RPC_URL"],
      [{ CHAIN_ID: "0x1z" }, "CHAIN_ID"],
      [{ CHAIN_ID: "-1" }, "CHAIN_ID"],
      [{ FINALITY: "soon" }, "FINALITY"],
      [{ DISPERSER_PORT: "70000" }, "DISPERSER_PORT"],
      [{ LOG_LEVEL: "loud" }, "LOG_LEVEL"],
      [{ S3_ENDPOINT: "http://x" }, "S3_BUCKET"],
      [{ ...addresses, DA_ENTRANCE_ADDRESS: "0x12" }, "DA_ENTRANCE_ADDRESS"],
      [withoutFlow, "FLOW_ADDRESS"],
    ];
    for (const [env, field] of cases) {
      try {
        readConfig(env);
        expect.fail(`accepted ${JSON.stringify(env)}`);
      } catch (error) {
        if (!(error instanceof ZgError)) throw error;
        expect(error.code).to.equal("BadConfig");
        expect(error.fields.field).to.equal(field);
      }
    }
  });
});

describe("network.json", () => {
  const dir = tempDir("network");
  after(() => dir.remove());
  const network: NetworkJson = {
    rpc: "http://127.0.0.1:9",
    chainId: 31337,
    contracts: {
      Flow: address("1"),
      FixedPrice: address("2"),
      ChunkLinearReward: address("3"),
      PoraMine: address("6"),
      DASampling: address("7"),
      DAChallenge: address("8"),
      CellVerifier: address("9"),
      DASigners: address("4"),
      DAEntrance: address("5"),
    },
    fromBlock: 0,
    finality: 4,
    redis: "unix:///tmp/r.sock",
    bucket: "file:///tmp/b",
    disperser: "http://127.0.0.1:1",
    storageNodes: ["http://127.0.0.1:2"],
    validators: [],
    kvNodes: [],
    miners: [],
  };

  it("is written whole and read back", async () => {
    await rejection(readNetwork(dir.path), "NoNetwork");
    await writeNetwork(dir.path, network);
    expect(await readNetwork(dir.path)).to.deep.equal(network);
    await removeNetwork(dir.path);
    await rejection(readNetwork(dir.path), "NoNetwork");
  });

  it("is named stale when it is torn or lacks a field", async () => {
    await writeNetwork(dir.path, network);
    const path = join(dir.path, "network.json");
    const text = readFileSync(path, "utf8");
    for (const bad of ["", text.slice(0, 50), "[]", text.replace('"rpc"', '"rcp"')]) {
      writeFileSync(path, bad);
      await rejection(readNetwork(dir.path), "StaleNetwork" satisfies ErrorCode);
    }
  });
});
