/**
 * Captions the photos in examples/ with edgecap, from bytes to sentence: the next one for each line on standard input.
 * Prints the time of each part.
 *
 * usage: bun scripts/bench/run_captions.ts BACKEND THREADS BEAMS [BUNDLE]
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { load } from "../../src/mod.ts";
import { importOnnxruntimeNode } from "../../src/platform/packages.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import { countGraphTime } from "./count_graph_time.ts";
import { examplePictures } from "./example_pictures.ts";

const [backend, threads, beams, bundle] = process.argv.slice(2) as [BackendName, string, string, string?];
const graphs = await countGraphTime(
  backend === "native"
    ? importOnnxruntimeNode()
    : backend === "webgpu"
      ? import("onnxruntime-web/webgpu")
      : import("onnxruntime-web"),
);
const captioner = await load({ bundle, backend, threads: Number(threads) });
const pictures = await Promise.all(examplePictures.map(async (path) => new Uint8Array(await readFile(path))));
const options = { beams: Number(beams) };
// Compilers warm up.
for (const bytes of pictures) await captioner.caption(bytes, options);
process.stdout.write("ready\n");
let turn = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  const bytes = pictures[turn++ % pictures.length]!;
  graphs.take();
  const started = performance.now();
  const { timing } = await captioner.caption(bytes, options);
  const total = performance.now() - started;
  const inGraphs = graphs.take();
  const { imageMs: image, encodeMs: encoder, generateMs: decoder } = timing;
  // The backend rust runs no graph in onnxruntime, so the times of search and decoder cannot be separated here.
  const outside = backend === "rust" ? {} : { outside: total - image - inGraphs };
  process.stdout.write(`${JSON.stringify({ total, image, encoder, decoder, ...outside })}\n`);
}
