/**
 * Captions without a server, in a separate process: reads `go SECONDS` from standard input, and prints captions per
 * second.
 */
import { createInterface } from "node:readline";
import { load } from "../../../src/mod.ts";
import { photos } from "./load.ts";

await using captioner = await load();
await captioner.caption(photos[0]!, { beams: 1 });
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const seconds = Number(line.split(" ")[1]);
  const started = performance.now();
  let count = 0;
  while (performance.now() < started + seconds * 1000)
    await captioner.caption(photos[count++ % photos.length]!, { beams: 1 });
  process.stdout.write(`${(count * 1000) / (performance.now() - started)}\n`);
}
