import { ZgError } from "../protocol/errors.ts";

/** Segments of [A-Za-z0-9._-] that do not begin with a dot: no traversal, no hidden files, the same on disk and on S3. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const PREFIX = /^$|^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\/?$/;
/** S3 allows 1024 bytes with our prefix; a file name 255. */
const MAX_KEY = 512;
const MAX_SEGMENT = 200;

export const checkKey = (key: string): string => {
  const fits = key.length <= MAX_KEY && key.split("/").every((segment) => segment.length <= MAX_SEGMENT);
  if (!fits || !KEY.test(key)) throw new ZgError("BadRequest", { what: "object key", key: key.slice(0, 80) });
  return key;
};

export const checkPrefix = (prefix: string): string => {
  if (prefix.length > MAX_KEY || !PREFIX.test(prefix)) {
    throw new ZgError("BadRequest", { what: "key prefix", key: prefix.slice(0, 80) });
  }
  return prefix;
};
