/**
 * The library in a separate process: captions the pictures whose paths come on standard input, one after another, and
 * prints a line of JSON for each.
 *
 * usage: bun scripts/check/soak/library_process.ts BUNDLE
 */
import { createInterface } from "node:readline";
import { EdgecapError, load } from "../../../src/mod.ts";

await using captioner = await load({ bundle: process.argv[2]! });
for await (const path of createInterface({ input: process.stdin })) {
  const answer = await captioner.caption(path).then(
    ({ caption }) => ({ caption }),
    (error: unknown) => ({ error: error instanceof EdgecapError ? error.code : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
