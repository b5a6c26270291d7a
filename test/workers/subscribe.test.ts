import { expect } from "chai";
import type { Queues } from "../../adapters/queue.ts";
import { ZgError } from "../../protocol/errors.ts";
import { type Handlers, subscribe } from "../../workers/subscribe.ts";

describe("subscribing a worker to its edges", () => {
  const given: string[] = [];
  const queues: Pick<Queues, "work"> = { work: (edge) => void given.push(edge.name) };
  const encode = async (): Promise<void> => undefined;

  it("gives each edge of the worker its handler", () => {
    subscribe(queues, "encoder", { encode });
    expect(given).to.deep.equal(["encode"]);
  });

  it("refuses to start with an edge that nobody handles, or that is another worker's", () => {
    const partial = { batch: encode } as unknown as Handlers<"batch" | "collect">;
    for (const [worker, handlers] of [
      ["batcher", partial],
      ["encoder", { encode, send: encode }],
    ] as const) {
      expect(() => subscribe(queues, worker, handlers as never)).to.throw(ZgError, "BadConfig");
    }
  });
});
