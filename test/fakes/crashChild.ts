/** Passes a crash point three times, saying which time before it. With "wait": once, when its parent says so. */
import { writeSync } from "node:fs";
import { crashpoint } from "../../adapters/crashpoint.ts";

if (process.argv[2] === "wait") {
  process.on("message", (message) => {
    if (message === "go") crashpoint("test-point");
  });
  process.send?.("ready");
  // Listening to a parent does not keep a process alive.
  setTimeout(() => undefined, 10_000);
} else {
  for (const visit of [1, 2, 3]) {
    writeSync(1, `${visit} `);
    crashpoint("test-point");
  }
  writeSync(1, "end ");
}
