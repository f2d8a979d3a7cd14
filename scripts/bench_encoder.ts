/**
 * Runs one encoder in a process of its own, one inference for each line on standard input, and prints its milliseconds.
 *
 * usage: bun scripts/bench_encoder.ts web|native FILE THREADS
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { GraphSession } from "../src/runtime/graph_session.ts";

const [runtime, file, threads] = process.argv.slice(2) as [string, string, string];
const bytes = new Uint8Array(await readFile(file));
const data = Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => (i * 37) % 256);
const shape = [1, 224, 224, 3];

const run = runtime === "native" ? await native() : await web();
await run();
process.stdout.write("ready\n");
for await (const _ of createInterface({ input: process.stdin })) {
  const started = performance.now();
  await run();
  process.stdout.write(`${performance.now() - started}\n`);
}

async function web(): Promise<() => Promise<unknown>> {
  const session = await GraphSession.create("encoder", bytes, { threads: Number(threads) });
  return () => session.run({ pixels: { data, shape } });
}

async function native(): Promise<() => Promise<unknown>> {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: Number(threads) });
  return () => session.run({ pixels: new ort.Tensor("float32", data, shape) });
}
