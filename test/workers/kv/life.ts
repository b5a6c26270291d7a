/** The log of the crash tests: a payload of three pieces, one of two streams, and a withdrawal. */
import { OPS } from "../../../protocol/kv/ops.ts";
import { encodePayload } from "../../../protocol/kv/payload.ts";
import { tagsOfStreams, tagsOfVoid } from "../../../protocol/kv/tags.ts";
import { accountOf, keyOf, LATEST, streamOf } from "../../protocol/kv/sample.ts";
import type { Submitted } from "./node.ts";

const [A, B] = [streamOf("life a"), streamOf("life b")];
const sender = accountOf("life");
const write = (stream: typeof A, key: string, bytes: number) => ({
  stream,
  key: keyOf(key),
  value: new Uint8Array(bytes).fill(bytes % 251),
});

export const LOG: readonly Submitted[] = [
  {
    sender,
    tags: tagsOfStreams([A]),
    payload: encodePayload({
      version: LATEST,
      writes: [write(A, "long", 600_000), write(A, "short", 3)],
      ops: [{ type: OPS.GRANT_WRITER_ROLE, stream: A, account: accountOf("other") }],
    }),
  },
  {
    sender,
    tags: tagsOfStreams([A, B]),
    payload: encodePayload({ version: LATEST, writes: [write(A, "both", 4), write(B, "both", 5)] }),
  },
  { sender, tags: tagsOfVoid(0), payload: Uint8Array.of(1) },
];
/** Segments of all payloads. */
export const SEGMENTS = 4;
