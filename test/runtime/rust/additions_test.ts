/** Compares additions of all pairs of numbers with onnxruntime-web: ties would show a different order of operations. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import * as ort from "onnxruntime-web";
import { readAsset } from "#assets";
import { GraphBuilder, tensor, type Value } from "../../../src/export/mod.ts";
import { KernelModule } from "../../../src/runtime/rust/kernel_module.ts";
import { readPlan } from "../../../src/runtime/rust/read_plan.ts";
import { runs } from "../../runs.ts";

interface Affine {
  readonly scale: number;
  readonly zero: number;
}

const left = Uint8Array.from({ length: 65536 }, (_, i) => i >> 8);
const right = Uint8Array.from({ length: 65536 }, (_, i) => i & 255);
const shape = [1, 256, 16, 16];
const module = new WebAssembly.Module(await readAsset("engine_dot16.wasm"));

async function reference(affines: readonly [Affine, Affine, Affine]): Promise<Uint8Array> {
  const g = new GraphBuilder("addition");
  const [a, b, sum] = affines.map(({ scale, zero }) => [
    g.initializer("scale", tensor("float32", [], [scale])),
    g.initializer("zero", tensor("uint8", [], [zero])),
  ]) as unknown as readonly [Value[], Value[], Value[]];
  const read = (name: string, affine: readonly Value[]) =>
    g.node("DequantizeLinear", [g.input(name, "uint8", shape), ...affine]);
  const added = g.node("Add", [read("left", a), read("right", b)]);
  g.output("sums", g.node("QuantizeLinear", [added, ...sum]), "uint8", shape);
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(g.toBytes(), { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const inputs = { left: new ort.Tensor("uint8", left, shape), right: new ort.Tensor("uint8", right, shape) };
  const { sums } = await session.run(inputs);
  await session.release();
  return sums!.data as Uint8Array;
}

function engine([a, b, sum]: readonly [Affine, Affine, Affine], width: 1 | 2): Uint8Array {
  const kernels = new KernelModule(module);
  const kernel = width === 2 ? "dot16" : "direct";
  const output = kernels.allocate(65536 * width);
  const places = [kernels.putActivations(kernel, left), kernels.putActivations(kernel, right), output, 65536];
  const scales = [a, b, sum].map(({ scale }) => ({ float: scale }));
  kernels.call(width === 2 ? "add_words" : "add_bytes", [...places, a.zero, b.zero, sum.zero, ...scales]);
  const bytes = kernels.bytes(output, 65536 * width).slice();
  return width === 2 ? Uint8Array.from(new Uint16Array(bytes.buffer)) : bytes;
}

async function expectEqual(affines: readonly [Affine, Affine, Affine]): Promise<void> {
  const expected = await reference(affines);
  for (const width of [1, 2] as const) {
    const found = engine(affines, width);
    expect([width, found.filter((value, i) => value !== expected[i]).length]).toEqual([width, 0]);
  }
}

test("additions of the default encoder are those of onnxruntime-web, for all pairs", async () => {
  const file = fileURLToPath(new URL("../../../models/default/encoder.onnx", import.meta.url));
  const additions = readPlan(new Uint8Array(readFileSync(file))).steps.filter((step) => step.kind === "addition");
  expect(additions.length).toBe(15);
  for (const step of additions) await expectEqual([step.left, step.right, step.output]);
});

test("additions with any scales are those of onnxruntime-web, for all pairs", async () => {
  const scale = fc.oneof(fc.constantFrom(0.5, 1, 0.25), fc.double({ min: 1e-3, max: 2, noNaN: true })).map(Math.fround);
  const affine = fc.record({ scale, zero: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(fc.asyncProperty(fc.tuple(affine, affine, affine), expectEqual), { numRuns: runs(25) });
});
