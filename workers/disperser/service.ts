/** What a disperser does, whatever protocol asks for it: HTTP today, gRPC later, behind the same three calls. */
import type { Readable } from "node:stream";
import type { ObjectStore } from "../../adapters/bucket.ts";
import { createBudget } from "../../adapters/budget.ts";
import { ZgError } from "../../protocol/errors.ts";
import type { Hex } from "../../protocol/hex.ts";
import { MAX_BLOB_BYTES } from "../../protocol/params.ts";
import type { Accepted } from "../records.ts";
import { createAccept } from "./accept.ts";
import { readBody } from "./body.ts";
import { readBlobFacts } from "./facts.ts";
import { viewOf } from "./present.ts";
import type { BlobView } from "./view.ts";

export interface DisperseRequest {
  readonly body: Readable;
  readonly contentLength?: number;
  readonly account: Hex;
  readonly salt: Hex;
}

export interface DisperserService {
  /** Resolves when rows and record are durable. */
  disperse(request: DisperseRequest): Promise<Accepted>;
  /** By requestId or blobKey; throws `UnknownId`. */
  blob(id: Hex): Promise<BlobView>;
  /** Bytes of bodies in memory. */
  held(): number;
}

export interface ServiceDeps {
  readonly bucket: ObjectStore;
  readonly enqueue: (requestId: Hex) => Promise<boolean>;
  readonly now: () => number;
  readonly copies: number;
  /** Bytes of bodies held in memory at once; what comes on top is told to come back. */
  readonly maxHeld: number;
}

export const createService = ({ bucket, enqueue, now, copies, maxHeld }: ServiceDeps): DisperserService => {
  const accept = createAccept({ bucket, enqueue, now });
  const budget = createBudget(maxHeld);
  return {
    disperse: async ({ body, contentLength, account, salt }) => {
      const lease = budget.open();
      try {
        return await accept({ ...(await readBody(body, MAX_BLOB_BYTES, contentLength, lease.take)), account, salt });
      } finally {
        lease.close();
      }
    },
    blob: async (id) => {
      const facts = await readBlobFacts(bucket, id, copies);
      if (facts === null) throw new ZgError("UnknownId", { id });
      return viewOf(facts);
    },
    held: budget.held,
  };
};
