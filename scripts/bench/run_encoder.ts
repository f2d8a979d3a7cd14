/**
 * Runs one encoder in its own process, for each line on standard input as often as fits into 100 ms, but at least once,
 * and prints the median milliseconds of an inference.
 *
 * usage: bun scripts/bench/run_encoder.ts wasm|rust|native|webgpu|bare-web|bare-node FILE THREADS
 *
 * The first four are edgecap's backends, the others the bare packages without edgecap.
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { importOnnxruntimeNode } from "../../src/platform/packages.ts";
import type { BackendName } from "../../src/runtime/backend.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { quartiles } from "./quartiles.ts";

const [runtime, file, threads] = process.argv.slice(2) as [string, string, string];
const bytes = new Uint8Array(await readFile(file));
const data = Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 37) % 256);
const shape = [1, 224, 224, 3];

const run =
  runtime === "bare-node"
    ? await bareNode()
    : runtime === "bare-web"
      ? await bareWeb()
      : await edgecap(runtime as BackendName);
await run();
process.stdout.write("ready\n");
for await (const _ of createInterface({ input: process.stdin })) {
  const times: number[] = [];
  for (let sum = 0; sum < 100; sum += times.at(-1)!) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  process.stdout.write(`${quartiles(times).median}\n`);
}

async function edgecap(backend: BackendName): Promise<() => Promise<unknown>> {
  const session = await GraphSession.create("encoder", bytes, { threads: Number(threads), backend });
  return () => session.run({ pixels: { data, shape } });
}

async function bareNode(): Promise<() => Promise<unknown>> {
  const ort = await importOnnxruntimeNode();
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: Number(threads) });
  return () => session.run({ pixels: new ort.Tensor("float32", data, shape) });
}

async function bareWeb(): Promise<() => Promise<unknown>> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = Number(threads);
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return () => session.run({ pixels: new ort.Tensor("float32", data, shape) });
}
