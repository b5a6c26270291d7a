/**
 * The durable record. `put` resolves when the object survives a power cut; every read is checked against the hash that
 * was stored with it. Two drivers, one behaviour, one test suite: a folder (default) and S3.
 */
import { z } from "zod";
import { ZgError } from "../protocol/errors.ts";
import { openFsBucket } from "./bucket-fs.ts";
import { openS3Bucket } from "./bucket-s3.ts";
import { parseJson } from "./json.ts";

export interface PutOptions {
  /** Create only: the first writer wins and later ones are told "exists". */
  readonly once?: boolean;
}
/** A body in one piece, or in pieces that follow each other: a large one need not be copied together. */
export type Body = Uint8Array | readonly Uint8Array[];
export type Stored = "stored" | "exists";

export interface ListOptions {
  /** Only keys that sort after this one. */
  readonly after?: string;
}

export interface ObjectStore {
  put(key: string, body: Body, options?: PutOptions): Promise<Stored>;
  /** The body, or null when there is no such object. A body that is not what was written throws `CorruptObject`. */
  get(key: string): Promise<Uint8Array | null>;
  has(key: string): Promise<boolean>;
  /** Keys that begin with `prefix`, in ascending byte order. */
  list(prefix: string, options?: ListOptions): AsyncIterable<string>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}

/** `file:///absolute/dir` or `s3://bucket/prefix?endpoint=http://host:port&region=us-east-1`. */
export const openBucket = async (url: string): Promise<ObjectStore> => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "file:") return openFsBucket(parsed);
  if (parsed?.protocol === "s3:") return openS3Bucket(parsed);
  throw new ZgError("BadConfig", { field: "bucket", value: url, expected: "file:///dir or s3://bucket/prefix" });
};

/** JSON with sorted nothing and hidden nothing: what you pass is what is written. Bigints are yours to convert. */
export const putJson = (bucket: ObjectStore, key: string, value: unknown, options?: PutOptions): Promise<Stored> =>
  bucket.put(key, Buffer.from(JSON.stringify(value)), options);

export async function getJson<S extends z.ZodType>(
  bucket: ObjectStore,
  key: string,
  schema: S,
): Promise<z.infer<S> | null>;
export async function getJson<T = unknown>(bucket: ObjectStore, key: string): Promise<T | null>;
export async function getJson(bucket: ObjectStore, key: string, schema?: z.ZodType): Promise<unknown> {
  const bytes = await bucket.get(key);
  if (bytes === null) return null;
  const value = parseJson(bytes);
  if (value === undefined) throw new ZgError("CorruptObject", { key, why: "not JSON" });
  if (schema === undefined) return value;
  const checked = schema.safeParse(value);
  if (!checked.success) throw new ZgError("CorruptObject", { key, why: z.prettifyError(checked.error) });
  return checked.data;
}
