import { expect } from "chai";
import type { NodeClient } from "../../../adapters/node-client.ts";
import { ZgError } from "../../../protocol/errors.ts";
import type { Shard } from "../../../protocol/shard.ts";
import { spread } from "../../../workers/uploader/targets.ts";

const node = (url: string, shard: Shard | "away"): NodeClient =>
  ({
    url,
    shard: async () => {
      if (shard === "away") throw new ZgError("NodeDown", { url });
      return shard;
    },
  }) as unknown as NodeClient;
const shard = (shardId: number, numShard: number): Shard => ({ shardId, numShard });
const whole = shard(0, 1);

describe("the nodes that get an upload", () => {
  const run = async (
    nodes: readonly NodeClient[],
    replicas: number,
    failing: Record<string, string> = {},
    onPush = (_: string): void => undefined,
  ) => {
    const pushed: string[] = [];
    const push = async ({ url }: NodeClient): Promise<void> => {
      pushed.push(url);
      onPush(url);
      const code = failing[url];
      if (code !== undefined) throw new ZgError(code as "NodeDown", {});
    };
    const targets = await spread({ nodes, replicas, push, signal: new AbortController().signal });
    return { chosen: targets.map((target) => target.node.url), pushed };
  };
  const errorOf = (work: Promise<unknown>): Promise<ZgError> =>
    work.then(
      () => {
        throw new Error("no error");
      },
      (error: ZgError) => error,
    );

  it("hold together as many whole copies as asked for, and no more", async () => {
    const halves = [node("a", shard(0, 2)), node("b", shard(1, 2)), node("c", whole)];
    expect((await run(halves, 1)).chosen).to.deep.equal(["c"]);
    expect((await run(halves, 2)).chosen).to.have.members(["a", "b", "c"]);
    expect((await errorOf(run(halves, 3))).code).to.equal("NoReplicas");
  });

  it("are others where some do not answer, or fail on the way", async () => {
    expect((await run([node("a", "away"), node("b", whole)], 1)).chosen).to.deep.equal(["b"]);
    const { chosen, pushed } = await run([node("a", whole), node("b", whole)], 1, { a: "NodeDown" });
    expect(chosen).to.deep.equal(["b"]);
    expect(pushed).to.deep.equal(["a", "b"]);
  });

  it("are named with the reason when too few are left", async () => {
    const error = await errorOf(run([node("a", whole), node("b", "away")], 1, { a: "QuotaExceeded" }));
    expect(error.code).to.equal("NoReplicas");
    expect(String(error.fields.failed)).to.include("a QuotaExceeded").and.include("b NodeDown");
  });

  it("are not tried one after the other when the file itself is the trouble", async () => {
    const nodes = [node("a", whole), node("b", whole)];
    expect((await errorOf(run(nodes, 1, { a: "FileUnreadable" }))).code).to.equal("FileUnreadable");
  });

  describe("of which one halves its shard meanwhile", () => {
    /** `a` says so the next time that it is asked. */
    const halving = (...later: Shard[]) => {
      const said = [whole, ...later];
      return { ...node("a", whole), shard: async () => (said.length > 1 ? said.shift() : said[0]) as Shard };
    };

    it("get another for the other half", async () => {
      const nodes = [halving(shard(0, 2)), node("b", shard(1, 2))];
      const { chosen, pushed } = await run(nodes, 1);
      expect(chosen).to.deep.equal(["a", "b"]);
      expect(pushed).to.deep.equal(["a", "a", "b"]);
    });

    it("are too few where nobody has the other half", async () => {
      expect((await errorOf(run([halving(shard(0, 2)), node("b", shard(0, 2))], 1))).code).to.equal("NoReplicas");
    });

    it("do without it when its shard is no half of what it was", async () => {
      const { chosen } = await run([halving(shard(0, 2), whole), node("b", shard(1, 2)), node("c", whole)], 1);
      expect(chosen).to.deep.equal(["c"]);
    });

    it("are others when it does not answer any more", async () => {
      const gone = { ...node("a", whole) };
      const onPush = (url: string): void => {
        if (url === "a") gone.shard = node("a", "away").shard;
      };
      expect((await run([gone, node("b", whole)], 1, {}, onPush)).chosen).to.deep.equal(["b"]);
    });
  });
});
