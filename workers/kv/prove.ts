/** Makes the proof of a value: the data is ours, the paths come from storage nodes and are checked before they go out. */
import type { Chain } from "../../adapters/chain.ts";
import { messageOf } from "../../adapters/errors.ts";
import { RpcFailure, rpcError } from "../../adapters/jsonrpc.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { SectorProof } from "../../protocol/flowTree.ts";
import { type Hex, normalHex, toHex } from "../../protocol/hex.ts";
import { valuesAt } from "../../protocol/kv/payload.ts";
import {
  alignedPieces,
  checkPiece,
  type Piece,
  provenSectors,
  subtreeProof,
  subtreeRootOf,
} from "../../protocol/kv/proof.ts";
import { SECTOR_BYTES } from "../../protocol/params.ts";
import { holds, segmentInLog } from "../../protocol/shard.ts";
import type { Entry } from "../chain-entry.ts";
import type { Peers } from "../peers.ts";
import type { KvDb } from "./db.ts";
import { findEntry } from "./entry.ts";
import { readPayload } from "./payloads.ts";
import type { ProofQuery } from "./rpc.ts";
import { findValue, type Located } from "./values.ts";

export interface ProveDeps {
  readonly db: KvDb;
  readonly chain: Pick<Chain, "flow">;
  readonly peers: Pick<Peers, "ask">;
}

/** Longest head of a payload that goes into an answer; the proved part of the value is at most one query. */
const MAX_HEAD_BYTES = 1 << 20;
const DEADLINE_MS = 20_000;

export const createProve = ({ db, chain, peers }: ProveDeps) => {
  const { sql } = db;
  return async (query: ProofQuery, hold: Hold) => {
    for (let again = true; ; again = false) {
      const found = findValue(sql, query.stream, query.key, query.version);
      const entry = found && findEntry(sql, found.version);
      if (found === undefined || entry === undefined) return null;
      const flowRoot = await rootAfter(entry);
      try {
        return await proofOf(found, entry, flowRoot, { ...query, hold: again ? hold : held });
      } catch (error) {
        if (!again || error instanceof RpcFailure || !(await moved(entry, flowRoot))) throw error;
      }
    }
  };

  async function rootAfter({ txSeq }: Entry): Promise<Hex> {
    return normalHex(String(await chain.flow.getFunction("getFlowRootByTxSeq")(txSeq)), 32);
  }

  /** A reorg between our view, the chain's and the nodes' is nobody's fault. */
  async function moved(entry: Entry, flowRoot: Hex): Promise<boolean> {
    return findEntry(sql, entry.txSeq)?.block.hash !== entry.block.hash || (await rootAfter(entry)) !== flowRoot;
  }

  async function proofOf(
    found: Located,
    entry: Entry,
    flowRoot: Hex,
    { start, length, hold }: ProofQuery & { readonly hold: Hold },
  ) {
    if (start > found.size) throw rpcError("start_index", "start index is greater than value length");
    const values = valuesAt(readPayload(sql, entry, 0, MAX_HEAD_BYTES));
    if (values === undefined) throw rpcError("key", "the payload's keys are too long to be proved in one answer");
    const part = { at: found.at + start, size: Math.min(length, found.size - start) };
    const wanted = provenSectors(entry.start, values, part).flatMap(([from, to]) => alignedPieces(from, to));
    await hold(part.size + wanted.reduce((sum, { height }) => sum + 2 ** height * SECTOR_BYTES, 0));
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const pieces = await Promise.all(
      wanted.map(({ sector, height }) => pieceOf({ entry, flowRoot, sector, height, signal })),
    );
    return {
      version: found.version,
      size: found.size,
      data: base64(readPayload(sql, entry, part.at, part.size)),
      entry: { ...entry, flowRoot },
      values,
      pieces: pieces.map((piece) => ({ ...piece, data: base64(piece.data) })),
    };
  }

  async function pieceOf(of: Wanted): Promise<Piece> {
    const { sector, height } = of;
    const data = new Uint8Array(2 ** height * SECTOR_BYTES);
    data.set(readPayload(sql, of.entry, (sector - of.entry.start) * SECTOR_BYTES, data.length));
    const root = toHex(subtreeRootOf(data));
    const proof = await peers.ask(
      {
        ...{ what: `proof of sector ${sector}`, about: of.entry.root, bytes: 0 },
        heldBy: (shard) => holds(shard, segmentInLog(sector, 0)),
        ask: async (node, call): Promise<SectorProof> => {
          const own = subtreeProof(await node.sectorProof(sector, of.flowRoot, call), root, height);
          try {
            checkPiece({ sector, data, proof: own }, { ...of.entry, flowRoot: of.flowRoot });
          } catch (error) {
            // A node that is on another fork for a moment has not lied: it has not got this proof.
            throw new ZgError("NotStored", { sector, flowRoot: of.flowRoot, why: messageOf(error) });
          }
          return own;
        },
      },
      of.signal,
    );
    return { sector, data, proof };
  }
};

type Hold = (bytes: number) => Promise<void>;
/** The second attempt's answer takes the room of the first. */
const held: Hold = async () => undefined;

interface Wanted {
  readonly entry: Entry;
  readonly flowRoot: Hex;
  readonly sector: number;
  readonly height: number;
  readonly signal: AbortSignal;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
