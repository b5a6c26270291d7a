import type { Hex } from "./hex.ts";

interface ErrorKind {
  /** Would the same request later, or to another party, have a chance? The first split a caller makes. */
  readonly retryable: boolean;
  /** Status of the HTTP answer that carries this code. */
  readonly http: number;
  readonly what: string;
}
const final = (http: number, what: string): ErrorKind => ({ retryable: false, http, what });
const retry = (http: number, what: string): ErrorKind => ({ retryable: true, http, what });

/** Every code of the project. Codes are the protocol of errors; the texts may change. */
export const ERRORS = {
  // what a user hands in
  EmptyBlob: final(400, "a blob has at least one byte"),
  BlobTooLarge: final(413, "the blob is longer than 256 rows hold"),
  FileNotFound: final(404, "the file does not exist"),
  FileUnreadable: final(400, "the file cannot be read"),
  FileUnwritable: final(500, "the file cannot be written"),
  BadRequest: final(400, "the request is malformed"),
  MalformedHex: final(400, "not 0x-prefixed hex of the expected length"),
  LengthMismatch: final(400, "the bytes are not as long as they must be"),
  UnsupportedEncoding: final(415, "Content-Encoding is not accepted"),
  BadConfig: final(500, "the configuration is wrong"),
  UnknownId: final(404, "no record of this id"),
  // headers and metadata
  BadVersion: final(422, "unknown version"),
  BadHeader: final(422, "the blob header is not valid"),
  BadPoint: final(422, "not a canonical, finite point of the prime-order subgroup"),
  BadMetadata: final(422, "the metadata is not canonical"),
  DuplicateBlob: final(422, "a blob is in the batch twice"),
  BatchTooLarge: final(422, "the batch is over a limit"),
  CountMismatch: final(422, "declared counts do not agree"),
  SubmitterMismatch: final(422, "the metadata names another submitter or attempt than the record"),
  BatchRootMismatch: final(422, "the headers do not give the recorded batch root"),
  DataRootMismatch: final(422, "the segment roots do not give the blob's data root"),
  RowsRootMismatch: final(422, "the segment roots do not give the recorded rows root"),
  MetadataRootMismatch: final(422, "the metadata does not give the recorded metadata root"),
  // rows, cells, proofs
  SegmentRootMismatch: final(422, "the row does not hash to its segment root"),
  CellPathMismatch: final(422, "the cell does not hash to its segment root"),
  NonCanonicalElement: final(422, "an element is not smaller than the field order"),
  CommitmentMismatch: final(422, "the rows are not what the commitment commits to"),
  ColumnProofMismatch: final(422, "the column fails against its published proof"),
  TooFewCells: retry(503, "fewer than 64 columns of a row are known"),
  CorruptEncoding: final(422, "the certified root is not the encoding of any payload of this length"),
  // files and entries of the log
  EmptyFile: final(400, "a file has at least one byte"),
  UnknownFile: retry(404, "no entry of the log names this file, as far as this node has followed"),
  UnknownEntry: retry(404, "the log has no such entry, as far as this node has followed"),
  AlreadyFinalized: final(409, "already uploaded and finalized"),
  NotStored: retry(409, "this node does not hold the segment yet"),
  NotInShard: final(404, "the segment belongs to another shard"),
  Pruned: final(410, "this node has pruned the data"),
  BadProof: final(422, "the merkle proof does not lead to the root"),
  PaddingNotEmpty: final(422, "what pads the file is not empty"),
  TooLargeToCache: final(413, "a file of this size is taken only when its entry is on chain"),
  CacheFull: retry(503, "too many files wait for their entries"),
  QuotaExceeded: retry(507, "the node's disk quota is used up"),
  NoReplicas: retry(503, "the nodes that answer do not hold as many whole copies"),
  IntentMismatch: final(409, "the upload on record is of another file, signer or network"),
  BadManifest: final(422, "the folder's manifest is not canonical"),
  // streams of the key-value layer
  BadPayload: final(422, "the stream payload cannot be parsed"),
  UnknownStream: final(404, "this node does not hold the stream"),
  NoPermission: final(403, "the account has no right to do this on the stream"),
  VersionConflict: final(409, "a key was written after the version that the writer had seen"),
  AwaitingData: retry(409, "the stream waits for the data of an entry"),
  // the life of a batch
  UnknownBatch: retry(425, "the batch is not on chain yet, as far as this node has followed"),
  BatchNotOpen: final(409, "the batch takes no rows any more"),
  NotStaged: retry(409, "rows or metadata are still missing"),
  StagingFull: retry(503, "the node's staging area is full"),
  NotFound: final(404, "nothing is known of this blob or batch"),
  NotYetAvailable: retry(409, "the batch has no certificate yet"),
  Unavailable: retry(503, "no 64 verifiable columns could be fetched"),
  Expired: final(410, "the batch is past its retention"),
  InsufficientSignatures: final(409, "no quorum signed the batch in time"),
  NotSampled: retry(404, "this validator has not finished sampling"),
  SampleFailed: retry(503, "a drawn column could not be fetched and proved"),
  SamplingRefused: final(409, "this validator does not sign the batch"),
  BadSignature: final(422, "the signature does not verify"),
  Jailed: retry(503, "the validator was slashed, and may register again only later"),
  NoValidators: retry(503, "no stake is registered in this epoch"),
  ReceiptMismatch: final(422, "the receipt is not of the file that was sent"),
  // the world
  NodeDown: retry(503, "the node does not answer"),
  BadResponse: retry(502, "the peer's answer is not what was asked for"),
  Timeout: retry(504, "no answer in time"),
  Busy: retry(503, "too much is in flight"),
  WrongChain: final(500, "the RPC serves another chain id"),
  NoCode: final(500, "there is no contract at this address"),
  ChainReverted: final(500, "the transaction reverts"),
  InsufficientFunds: retry(503, "the account can not pay for the transaction"),
  ChainUnreachable: retry(503, "the chain's RPC does not answer"),
  DeepReorg: final(500, "the chain changed below the finalized height"),
  NonceTaken: final(500, "another transaction was mined at this nonce"),
  RedisPolicy: final(500, "Redis may evict jobs: maxmemory-policy must be noeviction"),
  RedisUnavailable: retry(503, "Redis does not answer"),
  BucketUnavailable: retry(503, "the bucket does not answer"),
  StoreUnavailable: retry(503, "the local store does not take the write"),
  CorruptObject: retry(502, "a stored object is not what was written"),
  StaleNetwork: final(409, "network.json is of a network that does not answer or is another"),
  NoNetwork: final(404, "no network runs on this data folder"),
  DataFolderLocked: final(409, "another process uses this data folder"),
  Stopping: retry(503, "the process is shutting down"),
  Internal: retry(500, "an error without a name of its own"),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorFields = Readonly<Record<string, string | number | boolean | null | Hex>>;

/** An error is a code with the compared values; whether a retry makes sense is a property of the code. */
export class ZgError extends Error {
  override readonly name = "ZgError";
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, fields: ErrorFields = {}, options?: ErrorOptions) {
    const named = Object.entries(fields).map(([key, value]) => `${key} ${value}`);
    super(`${code}: ${ERRORS[code].what}${named.length === 0 ? "" : ` (${named.join(", ")})`}`, options);
    this.code = code;
    this.fields = fields;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  toJSON(): { code: ErrorCode; message: string; fields: ErrorFields } {
    return { code: this.code, message: this.message, fields: this.fields };
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}

/** The answer of a check that crosses a thread or a wire, where exceptions would lose their fields. */
export type Verdict<T = unknown> = ({ readonly ok: true } & T) | Refusal;
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly fields: ErrorFields;
}

/** Runs a check that throws and turns a named error into a verdict; anything else stays an exception. */
export function verdictOf<T extends object>(check: () => T): Verdict<T> {
  try {
    return { ok: true, ...check() };
  } catch (error) {
    if (error instanceof ZgError) return { ok: false, code: error.code, fields: error.fields };
    throw error;
  }
}

/** The accepted half of a verdict, or the refusal as an exception. */
export function accepted<T>(verdict: Verdict<T>): { readonly ok: true } & T {
  if (!verdict.ok) throw new ZgError(verdict.code, verdict.fields);
  return verdict;
}
