/**
 * Captions the photos in examples/ with transformers.js's own image-to-text pipeline: the next one for each line on
 * standard input. Prints the milliseconds.
 *
 * usage: bun scripts/bench/run_transformers.ts MODEL-FOLDER wasm|native THREADS WORDS
 */
import { createInterface } from "node:readline";
import * as web from "onnxruntime-web";
import { turnTelemetryOff } from "../../src/platform/telemetry.ts";
import { examplePictures } from "./example_pictures.ts";

const [folder, backend, threads, words] = process.argv.slice(2) as [string, string, string, string];
if (backend === "wasm") {
  web.env.wasm.numThreads = Number(threads);
  // If a runtime is named, transformers.js uses its onnxruntime; by default it would be native outside browsers.
  Object.assign(globalThis, { [Symbol.for("onnxruntime")]: web });
}
await turnTelemetryOff();
const { env, pipeline } = await import("@huggingface/transformers");
if (backend === "wasm") {
  // It would download its own.
  env.useWasmCache = false;
  web.env.wasm.wasmPaths = {
    mjs: import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.mjs"),
    wasm: import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
  };
}
const captioner = await pipeline("image-to-text", folder, {
  dtype: "q8",
  // If transformers.js gets its onnxruntime from outside, it knows no device by name.
  ...(backend === "wasm" && { device: "auto" as const }),
  local_files_only: true,
  session_options:
    backend === "wasm"
      ? { executionProviders: ["wasm"] }
      : { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});
const length = { min_new_tokens: Number(words), max_new_tokens: Number(words) };
const first = await captioner(examplePictures[0]!, length);
process.stdout.write(`ready ${JSON.stringify(first)}\n`);
let turn = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  const picture = examplePictures[turn++ % examplePictures.length]!;
  const started = performance.now();
  await captioner(picture, length);
  process.stdout.write(`${performance.now() - started}\n`);
}
