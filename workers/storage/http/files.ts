/** Files by their root: what is known of them, the roots of their segments, and the segments, as bytes. */
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Answers } from "../../../adapters/answers.ts";
import { type Bodies, BYTES, streamBodies } from "../../../adapters/body.ts";
import type { Http } from "../../../adapters/http.ts";
import type { FileView } from "../../../adapters/node-views.ts";
import type { Turns } from "../../../adapters/turns.ts";
import { ZgError } from "../../../protocol/errors.ts";
import { MAX_ROOTS_BYTES, segmentBytes, shapeOf } from "../../../protocol/file.ts";
import type { Hex } from "../../../protocol/hex.ts";
import { HASH_BYTES, SEGMENT_BYTES } from "../../../protocol/params.ts";
import type { FileInfo, LogStore } from "../log/types.ts";
import { digits, Length, mustBe, parsed, Root } from "./params.ts";

export interface FilesDeps {
  readonly store: LogStore;
  readonly bodies: Bodies;
  readonly answers: Answers;
  /** Before a segment is hashed. */
  readonly turns: Turns;
  readonly taken: (bytes: number) => void;
  readonly served: (bytes: number) => void;
  /** Counts refused uploads by their code. */
  readonly refusals: <T>(work: Promise<T>) => Promise<T>;
}

const File = z.object({ root: Root });
const Segment = File.extend({ index: digits(10) });
const MayBeLong = z.object({ length: Length.optional() });
const Long = z.object({ length: Length });

export const serveFiles = (app: Http, deps: FilesDeps): void => {
  const { store, bodies, answers } = deps;

  const known = (root: Hex, length: number | undefined): FileInfo => {
    const file = store.file(root, length);
    if (file === undefined) throw new ZgError("UnknownFile", { root, ...(length === undefined ? {} : { length }) });
    return file;
  };

  app.get("/files/:root", { schema: { params: File, querystring: MayBeLong } }, async ({ params, query }) =>
    viewOf(store, known(params.root, query.length)),
  );
  app.get(
    "/files/:root/roots",
    { schema: { params: File, querystring: MayBeLong } },
    async ({ params, query }, reply) => {
      const file = known(params.root, query.length);
      await answers.hold(reply.raw, shapeOf(file.length).paddedSegments * HASH_BYTES);
      return reply.type(BYTES).send(store.roots(file));
    },
  );
  app.get(
    "/files/:root/segments/:index",
    { schema: { params: Segment, querystring: MayBeLong } },
    async ({ params, query }, reply) => {
      const file = known(params.root, query.length);
      const bytes = segmentBytes(shapeOf(file.length), params.index);
      await answers.hold(reply.raw, bytes);
      const segment = await store.segment(file, params.index);
      deps.served(bytes);
      return reply.type(BYTES).send(segment);
    },
  );

  // What can be refused without the bytes is refused before they are read.
  app.register(async (plain) => {
    streamBodies(plain);
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    scope.put(
      "/files/:root/roots",
      {
        schema: { params: File, querystring: Long },
        onRequest: async ({ params, query, headers }) => {
          const [{ root }, { length }] = [parsed(File, params), parsed(Long, query)];
          const expected = shapeOf(length).paddedSegments * HASH_BYTES;
          if (expected > MAX_ROOTS_BYTES) throw new ZgError("BadRequest", { length, limit: MAX_ROOTS_BYTES });
          mustBe(expected, headers);
          store.open({ root, length });
        },
      },
      async ({ params: { root }, query: { length }, body }) => {
        const put = (roots: Uint8Array) => store.putRoots({ root, length }, roots);
        await deps.refusals(bodies.use(body, { limit: MAX_ROOTS_BYTES }, put));
        return { root, length };
      },
    );
    scope.put(
      "/files/:root/segments/:index",
      {
        schema: { params: Segment, querystring: Long },
        onRequest: async ({ params, query, headers }) => {
          const [{ root, index }, { length }] = [parsed(Segment, params), parsed(Long, query)];
          const shape = shapeOf(length);
          const expected = segmentBytes(shape, index);
          mustBe(expected, headers);
          store.open({ root, length }, index, expected);
          // A file of one segment has its root for its only one.
          const known = shape.paddedSegments === 1 || store.file(root, length)?.hasRoots === true;
          if (!known) throw new ZgError("NotStored", { root, what: "roots" });
        },
      },
      async ({ params: { root, index }, query: { length }, body }) => {
        const put = async (bytes: Uint8Array): Promise<boolean> => {
          await deps.turns();
          const fresh = await store.putSegment({ root, length }, index, bytes);
          if (fresh) deps.taken(bytes.length);
          return fresh;
        };
        const fresh = await deps.refusals(bodies.use(body, { limit: SEGMENT_BYTES }, put));
        return { root, length, index, fresh };
      },
    );
  });
};

const viewOf = (store: LogStore, file: FileInfo): FileView => {
  const { best } = file;
  return {
    root: file.root,
    length: file.length,
    txSeq: best?.entry.txSeq ?? null,
    entries: [...file.txSeqs],
    start: best?.entry.start ?? null,
    sectors: file.sectors,
    segments: file.segments,
    finalized: best?.state === "finalized",
    pruned: best?.pruned ?? false,
    cached: file.cached,
    uploaded: file.held,
    shard: store.shard(),
    sender: best?.entry.sender ?? null,
    tags: best?.entry.tags ?? null,
    block: best?.entry.block.number ?? null,
  };
};
