/**
 * S3 as a bucket. The SDK checks the transport (SHA-256 checksum on put); the object carries its own sha256 as metadata,
 * which every read is compared with: a proxy, a partial write or a rotten disk behind the endpoint is found here.
 *
 * `once` asks first, then puts with If-None-Match: AWS, MinIO, R2 and Ceph honour it. A server that ignores the header
 * loses only the race between two writers; keys that must not be raced are named by their content.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { ZgError } from "../protocol/errors.ts";
import type { Body, ListOptions, ObjectStore, PutOptions, Stored } from "./bucket.ts";
import { digestOf } from "./bucket-digest.ts";
import { checkKey, checkPrefix } from "./bucket-key.ts";

/** Metadata key; S3 lower-cases them. */
const SHA256 = "sha256";
const REQUEST_TIMEOUT_MS = 30_000;

/** `s3://bucket/prefix?endpoint=&region=`; credentials come from the SDK's own chain (environment, profile, role). */
export const openS3Bucket = async (url: URL): Promise<ObjectStore> => {
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  const client = new S3Client({
    endpoint,
    region: url.searchParams.get("region") ?? "us-east-1",
    forcePathStyle: endpoint !== undefined,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: REQUEST_TIMEOUT_MS },
  });
  const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
  return new S3Bucket(client, url.hostname, prefix === "" ? "" : `${checkPrefix(prefix)}/`);
};

class S3Bucket implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async put(key: string, body: Body, options: PutOptions = {}): Promise<Stored> {
    const Key = this.#key(key);
    if (options.once === true && (await this.has(key))) return "exists";
    // The client takes one piece: with a stream it could not try again.
    const bytes = body instanceof Uint8Array ? body : Buffer.concat(body);
    const digest = await digestOf(bytes);
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key,
      Body: bytes,
      ContentLength: bytes.length,
      ChecksumSHA256: digest.toString("base64"),
      Metadata: { [SHA256]: digest.toString("hex") },
      ...(options.once === true ? { IfNoneMatch: "*" } : {}),
    });
    try {
      await this.#client.send(command);
      return "stored";
    } catch (error) {
      if (options.once === true && statusOf(error) === 412) return "exists";
      // 409: two conditional writes at the same time, this one did not decide; it is asked again.
      if (options.once === true && statusOf(error) === 409) return this.put(key, bytes, options);
      throw unavailable(key, error);
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const Key = this.#key(key);
    try {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      const body = await answer.Body?.transformToByteArray();
      const recorded = answer.Metadata?.[SHA256];
      if (body === undefined || recorded !== (await digestOf(body)).toString("hex")) {
        throw new ZgError("CorruptObject", { key });
      }
      return body;
    } catch (error) {
      if (error instanceof ZgError) throw error;
      if (statusOf(error) === 404) return null;
      throw unavailable(key, error);
    }
  }

  async has(key: string): Promise<boolean> {
    const Key = this.#key(key);
    try {
      await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key }));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw unavailable(key, error);
    }
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<string> {
    const Prefix = this.#prefix + checkPrefix(prefix);
    const StartAfter = options.after === undefined ? undefined : this.#prefix + options.after;
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix, StartAfter, ContinuationToken });
      const page = await this.#client.send(command).catch((error: unknown) => {
        throw unavailable(prefix, error);
      });
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(this.#prefix.length);
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: string): Promise<void> {
    const Key = this.#key(key);
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key }));
    } catch (error) {
      if (statusOf(error) !== 404) throw unavailable(key, error);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #key(key: string): string {
    return this.#prefix + checkKey(key);
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

const unavailable = (key: string, error: unknown): ZgError =>
  new ZgError(
    "BucketUnavailable",
    { key, why: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
