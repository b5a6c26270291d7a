import { Listr } from "listr2";

/** Lines that are worked off in order; each has one text that changes until it is done. */
export interface Display {
  update(line: string, text: string): void;
  done(line: string, text: string): void;
  /** Marks the line at work as failed; the sentence about it comes from whoever reports the error. */
  fail(): void;
  /** Resolves when everything is drawn. */
  end(): Promise<void>;
}

export interface DisplayOptions {
  readonly lines: readonly { readonly name: string; readonly text: string }[];
  /** Redraws lines in place; else each line is printed once, when it is done. */
  readonly live: boolean;
  readonly say: (line: string) => void;
}

export function createDisplay(options: DisplayOptions): Display {
  return options.live ? liveDisplay(options) : plainDisplay(options);
}

function plainDisplay({ lines, say }: DisplayOptions): Display {
  const texts = new Map(lines.map(({ name, text }) => [name, text]));
  return {
    update: (line, text) => texts.set(line, text),
    done: (line, text) => {
      if (texts.delete(line)) say(`✔ ${text}`);
    },
    fail: () => {
      const [first] = texts.values();
      if (first !== undefined) say(`✖ ${first}`);
    },
    end: async () => undefined,
  };
}

interface Line {
  text: string;
  draw: (text: string) => void;
  readonly ended: PromiseWithResolvers<void>;
}

function liveDisplay({ lines }: DisplayOptions): Display {
  const byName = new Map<string, Line>();
  for (const { name, text } of lines) {
    const ended = Promise.withResolvers<void>();
    // A line that fails before its turn is seen when its turn comes.
    ended.promise.catch(() => undefined);
    byName.set(name, { text, draw: () => undefined, ended });
  }
  const list = new Listr(
    [...byName.values()].map((line) => ({
      title: line.text,
      task: async (_context, task) => {
        line.draw = (text) => {
          task.title = text;
        };
        line.draw(line.text);
        await line.ended.promise;
      },
    })),
    // Ctrl-C is the task's: it stops every process before it leaves.
    { registerSignalListeners: false, rendererOptions: { collapseErrors: false, showErrorMessage: false } },
  );
  const drawn = list.run().catch(() => undefined);
  const set = (name: string, text: string): Line | undefined => {
    const line = byName.get(name);
    if (line === undefined) return undefined;
    line.text = text;
    line.draw(text);
    return line;
  };
  return {
    update: (name, text) => void set(name, text),
    done: (name, text) => set(name, text)?.ended.resolve(),
    fail: () => {
      for (const line of byName.values()) line.ended.reject(new Error(line.text));
    },
    end: async () => {
      await drawn;
    },
  };
}
