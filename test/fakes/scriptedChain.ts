import type { Chain, ChainEvent, Header, RpcLog } from "../../adapters/chain.ts";
import type { Hex } from "../../protocol/hex.ts";
import { toHex } from "../../protocol/hex.ts";
import { keccak, keccakHex } from "../../protocol/keccak.ts";

const ADDRESS: Hex = `0x${"ab".repeat(20)}`;
export const TOPIC: Hex = `0x${"cd".repeat(32)}`;

interface Block extends Header {
  readonly logs: readonly RpcLog[];
}

const bloomOf = (values: readonly Hex[]): Hex => {
  const bloom = new Uint8Array(256);
  for (const value of values) {
    const hash = keccak(Buffer.from(value.slice(2), "hex"));
    for (const at of [0, 2, 4]) {
      const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047;
      bloom[255 - (bit >> 3)] = (bloom[255 - (bit >> 3)] ?? 0) | (1 << (bit & 7));
    }
  }
  return toHex(bloom);
};

/** A chain that a test writes block by block, and a node in front of it that can be told to lie. */
export class ScriptedChain {
  blocks: Block[] = [];
  finality: (latest: number) => number = () => 0;
  /** Replaces answers: return undefined to answer truthfully. */
  lieHeader?: (id: number | string, truth: Header | null) => Header | null | undefined;
  lieLogs?: (from: number, to: number, truth: RpcLog[]) => RpcLog[] | undefined;
  /** Blocks that the node has not seen yet. */
  lag = 0;
  calls = { header: 0, logs: 0 };

  constructor(length = 1) {
    for (let i = 0; i < length; i += 1) this.mine();
  }

  /** Appends a block with so many logs; `fork` makes it differ from its twin. */
  mine(logs = 0, fork = "main"): Block {
    const number = this.blocks.length;
    const parentHash = this.blocks.at(-1)?.hash ?? (`0x${"00".repeat(32)}` as Hex);
    const hash = keccakHex(Buffer.from(`${number} ${parentHash} ${fork} ${logs}`));
    const block: Block = {
      number,
      hash,
      parentHash,
      timestamp: number,
      logsBloom: bloomOf(logs > 0 ? [ADDRESS, TOPIC] : []),
      baseFeePerGas: 1n,
      logs: Array.from({ length: logs }, (_, logIndex) => ({
        address: ADDRESS,
        topics: [TOPIC],
        data: "0x" as Hex,
        blockNumber: number,
        blockHash: hash,
        transactionHash: keccakHex(Buffer.from(`${hash} ${logIndex}`)),
        transactionIndex: 0,
        logIndex,
      })),
    };
    this.blocks.push(block);
    return block;
  }

  mineMany(count: number): void {
    for (let i = 0; i < count; i += 1) this.mine();
  }

  /** Takes the last blocks back. */
  drop(count: number): void {
    this.blocks.length -= count;
  }

  get latest(): number {
    return this.blocks.length - 1 - this.lag;
  }

  /** The part of `Chain` that the follower uses. */
  asChain(): Chain {
    const known = (): Block[] => this.blocks.slice(0, this.latest + 1);
    const header: Chain["header"] = async (id) => {
      this.calls.header += 1;
      const at = id === "latest" ? known().at(-1) : known().find(({ number, hash }) => number === id || hash === id);
      const truth = at === undefined ? null : withoutLogs(at);
      const lie = this.lieHeader?.(id, truth);
      return lie === undefined ? truth : lie;
    };
    const part: Pick<Chain, "addresses" | "header" | "finalized" | "logs" | "logsOf" | "decode" | "head"> = {
      addresses: {
        Flow: ADDRESS,
        FixedPrice: ADDRESS,
        ChunkLinearReward: ADDRESS,
        PoraMine: ADDRESS,
        DASigners: ADDRESS,
        DASampling: ADDRESS,
        DAChallenge: ADDRESS,
        DAEntrance: ADDRESS,
        CellVerifier: ADDRESS,
      },
      head: async () => this.latest,
      header,
      finalized: async () => Math.max(this.finality(this.latest), 0),
      logs: async ({ from, to }) => {
        this.calls.logs += 1;
        const truth = known()
          .slice(from, to + 1)
          .flatMap(({ logs }) => [...logs]);
        return this.lieLogs?.(from, to, truth) ?? truth;
      },
      logsOf: async (hash) => [...(known().find((block) => block.hash === hash)?.logs ?? [])],
      decode: (log): ChainEvent => ({ ...log, contract: "DAEntrance", name: "Test", args: { n: log.logIndex } }),
    };
    return part as Chain;
  }
}

const withoutLogs = ({ logs: _, ...header }: Block): Header => header;
