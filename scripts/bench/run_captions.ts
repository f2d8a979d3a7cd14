/**
 * Captions a picture with edgecap, from bytes to sentence, once for each line on standard input, and prints the time of
 * each part.
 *
 * usage: bun scripts/bench/run_captions.ts BACKEND THREADS BEAMS PHOTO [BUNDLE]
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { load } from "../../src/mod.ts";
import { importOnnxruntimeNode } from "../../src/platform/packages.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import { countGraphTime } from "./count_graph_time.ts";

const [backend, threads, beams, photo, bundle] = process.argv.slice(2) as [
  BackendName,
  string,
  string,
  string,
  string?,
];
const graphs = await countGraphTime(
  backend === "native"
    ? importOnnxruntimeNode()
    : backend === "webgpu"
      ? import("onnxruntime-web/webgpu")
      : import("onnxruntime-web"),
);
const captioner = await load({ bundle, backend, threads: Number(threads) });
const bytes = new Uint8Array(await readFile(photo));
const options = { beams: Number(beams) };
// Three times: compilers warm up.
for (let i = 0; i < 3; i++) await captioner.caption(bytes, options);
const { words } = await captioner.caption(bytes, options);
process.stdout.write(`ready ${words.length}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  graphs.take();
  const started = performance.now();
  const { timing } = await captioner.caption(bytes, options);
  const total = performance.now() - started;
  const inGraphs = graphs.take();
  const { imageMs: image, encodeMs: encoder, generateMs: decoder } = timing;
  // The backend rust runs no graph in onnxruntime: the search and its decoder cannot be timed apart here.
  const outside = backend === "rust" ? {} : { outside: total - image - inGraphs };
  process.stdout.write(`${JSON.stringify({ total, image, encoder, decoder, ...outside })}\n`);
}
