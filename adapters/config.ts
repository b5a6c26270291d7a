/** The environment, typed. A wrong value is refused by the name of its variable; nothing has a secret as its default. */
import { resolve } from "node:path";
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/hex.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "an address: 0x and 40 hex digits")
  .transform((value) => value as Hex);
const port = z.coerce.number().int().min(0).max(65_535);

const environment = z.object({
  REDIS_URL: z
    .string()
    .regex(/^(redis|rediss|unix):\/\//, "redis://, rediss:// or unix:// URL")
    .optional(),
  S3_ENDPOINT: z.url().optional(),
  S3_BUCKET: z.string().min(3).optional(),
  S3_PREFIX: z.string().optional(),
  S3_REGION: z.string().min(1).optional(),
  RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
  CHAIN_ID: z.coerce.number().int().positive().optional(),
  FLOW_ADDRESS: address.optional(),
  FIXED_PRICE_ADDRESS: address.optional(),
  CHUNK_LINEAR_REWARD_ADDRESS: address.optional(),
  PORA_MINE_ADDRESS: address.optional(),
  DA_SIGNERS_ADDRESS: address.optional(),
  DA_SAMPLING_ADDRESS: address.optional(),
  DA_CHALLENGE_ADDRESS: address.optional(),
  DA_ENTRANCE_ADDRESS: address.optional(),
  CELL_VERIFIER_ADDRESS: address.optional(),
  FROM_BLOCK: z.coerce.number().int().nonnegative().optional(),
  FINALITY: z.union([z.literal("finalized"), z.coerce.number().int().nonnegative()]).optional(),
  DISPERSER_PORT: port.optional(),
  LOG_LEVEL: z.enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"]).optional(),
});

export interface Config {
  readonly data: string;
  readonly logLevel: string;
  /** External parts; what is absent is embedded. */
  readonly redis?: string;
  readonly bucket?: string;
  readonly rpc?: string;
  readonly chainId?: number;
  readonly contracts?: {
    Flow: Hex;
    FixedPrice: Hex;
    ChunkLinearReward: Hex;
    PoraMine: Hex;
    DASigners: Hex;
    DASampling: Hex;
    DAChallenge: Hex;
    DAEntrance: Hex;
    CellVerifier: Hex;
  };
  readonly fromBlock?: number;
  readonly finality?: "finalized" | number;
  readonly disperserPort?: number;
}

export interface ConfigOptions {
  /** Default: .zerog in the working folder. */
  readonly data?: string;
}

export const readConfig = (env: NodeJS.ProcessEnv, options: ConfigOptions = {}): Config => {
  // An empty variable is an unset one: that is how shells and compose files clear them.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ZgError("BadConfig", {
      field: String(issue?.path[0] ?? "environment"),
      why: issue?.message ?? "invalid",
    });
  }
  const vars = parsed.data;
  return {
    data: resolve(options.data ?? ".zerog"),
    logLevel: vars.LOG_LEVEL ?? "info",
    redis: vars.REDIS_URL,
    bucket: bucketOf(vars),
    rpc: vars.RPC_URL,
    chainId: vars.CHAIN_ID,
    contracts: contractsOf(vars),
    fromBlock: vars.FROM_BLOCK,
    finality: vars.FINALITY,
    disperserPort: vars.DISPERSER_PORT,
  };
};

type Vars = z.infer<typeof environment>;

const bucketOf = ({ S3_ENDPOINT, S3_BUCKET, S3_PREFIX = "", S3_REGION }: Vars): string | undefined => {
  if (S3_BUCKET === undefined) {
    if (S3_ENDPOINT === undefined) return undefined;
    throw new ZgError("BadConfig", { field: "S3_BUCKET", why: "needed with S3_ENDPOINT" });
  }
  const query = new URLSearchParams();
  if (S3_ENDPOINT !== undefined) query.set("endpoint", S3_ENDPOINT);
  if (S3_REGION !== undefined) query.set("region", S3_REGION);
  const text = query.toString();
  return `s3://${S3_BUCKET}/${S3_PREFIX}${text === "" ? "" : `?${text}`}`;
};

/** All addresses or none: a half-given deployment is a mistake, not a default. */
const contractsOf = (vars: Vars): Config["contracts"] => {
  const named = {
    Flow: ["FLOW_ADDRESS", vars.FLOW_ADDRESS],
    FixedPrice: ["FIXED_PRICE_ADDRESS", vars.FIXED_PRICE_ADDRESS],
    ChunkLinearReward: ["CHUNK_LINEAR_REWARD_ADDRESS", vars.CHUNK_LINEAR_REWARD_ADDRESS],
    PoraMine: ["PORA_MINE_ADDRESS", vars.PORA_MINE_ADDRESS],
    DASigners: ["DA_SIGNERS_ADDRESS", vars.DA_SIGNERS_ADDRESS],
    DASampling: ["DA_SAMPLING_ADDRESS", vars.DA_SAMPLING_ADDRESS],
    DAChallenge: ["DA_CHALLENGE_ADDRESS", vars.DA_CHALLENGE_ADDRESS],
    DAEntrance: ["DA_ENTRANCE_ADDRESS", vars.DA_ENTRANCE_ADDRESS],
    CellVerifier: ["CELL_VERIFIER_ADDRESS", vars.CELL_VERIFIER_ADDRESS],
  } as const;
  const given = Object.values(named).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  const required = (name: keyof typeof named): Hex => {
    const [field, value] = named[name];
    if (value === undefined) throw new ZgError("BadConfig", { field, why: "needed with the other addresses" });
    return value;
  };
  return {
    Flow: required("Flow"),
    FixedPrice: required("FixedPrice"),
    ChunkLinearReward: required("ChunkLinearReward"),
    PoraMine: required("PoraMine"),
    DASigners: required("DASigners"),
    DASampling: required("DASampling"),
    DAChallenge: required("DAChallenge"),
    DAEntrance: required("DAEntrance"),
    CellVerifier: required("CellVerifier"),
  };
};
