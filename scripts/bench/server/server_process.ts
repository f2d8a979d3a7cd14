/**
 * A server in a separate process, as in production, so that the benchmark can load it from outside. Reads lines from
 * standard input: `kill` ends a worker's thread without telling its pool, `memory` prints the resident memory.
 *
 * usage: bun scripts/bench/server/server_process.ts OPTIONS (JSON)
 */
import { createInterface } from "node:readline";
import { createCaptionWorker, createServer, listen, type ServerOptions } from "../../../src/server/mod.ts";
import { tinyBundleFiles } from "../../../test/fixtures/tiny_bundle.ts";

const { tiny, ...options } = JSON.parse(process.argv[2]!) as ServerOptions & { tiny: boolean };
const threads: Worker[] = [];
const server = createServer({
  ...options,
  ...(tiny && { bundle: await tinyBundleFiles() }),
  createWorker: () => {
    const thread = createCaptionWorker();
    threads.push(thread);
    return thread;
  },
});
await server.ready;
const { url } = await listen(server, { port: 0 });
process.stdout.write(`${url}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "kill") threads.shift()!.terminate();
  if (line === "memory") {
    Bun.gc(true);
    process.stdout.write(`${process.memoryUsage().rss}\n`);
  }
}
process.exit(0);
