import { PassThrough } from "node:stream";
import { expect } from "chai";
import { ZgError } from "../../protocol/errors.ts";
import { createDisplay } from "../../tasks/lib/display.ts";
import { outputOf, sentenceOf } from "../../tasks/lib/output.ts";

function streams() {
  const out = new PassThrough();
  const err = new PassThrough();
  const text = (stream: PassThrough) => String(stream.read() ?? "");
  return { out, err, outText: () => text(out), errText: () => text(err) };
}

describe("what a task prints", () => {
  it("for people: lines, and no JSON", () => {
    const s = streams();
    const output = outputOf(false, s);
    output.say("line");
    output.result({ a: 1 });
    output.warn("careful");
    expect(s.outText()).to.equal("line\n");
    expect(s.errText()).to.equal("careful\n");
  });

  it("for programs: one line of JSON on stdout and nothing else", () => {
    const s = streams();
    const output = outputOf(true, s);
    output.say("line");
    output.result({ a: 1, text: "two\nlines" });
    expect(s.outText()).to.equal('{"a":1,"text":"two\\nlines"}\n');
  });

  it("an error is its code and one sentence on one line", () => {
    const error = new ZgError("NodeDown", { url: "http://x", why: "first\n  second" });
    expect(sentenceOf(error)).to.equal("NodeDown: the node does not answer (url http://x, why first second)");
  });

  it("without a terminal, each line comes once, when it is done", async () => {
    const said: string[] = [];
    const lines = ["one", "two", "three"].map((name) => ({ name, text: name }));
    const display = createDisplay({ lines, live: false, say: (line) => void said.push(line) });
    display.update("one", "one 50 %");
    display.done("one", "one 100 %");
    display.done("one", "one again");
    display.update("two", "two 10 %");
    display.fail();
    await display.end();
    expect(said).to.deep.equal(["✔ one 100 %", "✖ two 10 %"]);
  });
});
