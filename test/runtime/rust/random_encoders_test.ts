/** Compares the engine with onnxruntime-web, on random encoders. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as ort from "onnxruntime-web";
import { readAsset } from "#assets";
import { layerGraph } from "../../../scripts/bench/layer_graph.ts";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { encodeModel } from "../../../src/export/mod.ts";
import { decodeModel } from "../../../src/export/onnx_proto.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { Int8Encoder } from "../../../src/runtime/rust/int8_encoder.ts";
import { KernelModule } from "../../../src/runtime/rust/kernel_module.ts";
import type { ConvolutionStep, Plan } from "../../../src/runtime/rust/plan.ts";
import { readPlan } from "../../../src/runtime/rust/read_plan.ts";
import { runs } from "../../runs.ts";
import { encoderShapes, randomEncoder } from "./random_encoder.ts";

const [dot16, relaxed] = [await readAsset("engine_dot16.wasm"), await readAsset("engine_relaxed.wasm")];
const modules = [dot16, relaxed]
  .filter((bytes) => WebAssembly.validate(bytes))
  .map((bytes) => new WebAssembly.Module(bytes));
/** Kernels that are exact here, each of them once. */
const kernels = new Map(modules.flatMap((module) => new KernelModule(module).kernels.map((name) => [name, module])));

describe("the engine", () => {
  test("rounds the sums of a convolution as onnxruntime-web does, ties included", async () => {
    const scale = fc
      .oneof(fc.constantFrom(0.5, 1, 0.25), fc.double({ min: 0.01, max: 2, noNaN: true }))
      .map(Math.fround);
    const drawn = fc.record({
      scales: fc.tuple(scale, scale, scale),
      zero: fc.integer({ min: 0, max: 255 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ scales: [from, weight, to], zero, seed }) => {
        const random = new SeededRandom(seed);
        const input = { name: "picture", size: 16, channels: 3, scale: from, zero: Math.floor(256 * random.next()) };
        const output = { name: "sums", size: 16, channels: 16, scale: to, zero };
        const step: ConvolutionStep = {
          ...{ kind: "convolution", kernel: 1, stride: 1, pad: 0, input, output },
          weights: Int8Array.from({ length: 48 }, () => 3 * random.normal()),
          biases: Int32Array.from({ length: 16 }, () => 100 * random.normal()),
          weightScales: new Float32Array(16).fill(weight),
        };
        const image = Uint8Array.from({ length: 768 }, () => 256 * random.next());
        const graph = decodeModel(layerGraph(input, step));
        const [slice] = graph.nodes.splice(-1);
        graph.outputs = [{ name: slice!.inputs[0]!, type: "uint8", shape: [1, 16, 16, 16] }];
        ort.env.wasm.numThreads = 1;
        const session = await ort.InferenceSession.create(encodeModel(graph), {
          executionProviders: ["wasm"],
          logSeverityLevel: 3,
        });
        const [expected] = Object.values(await session.run({ image: new ort.Tensor("uint8", image, [1, 16, 16, 3]) }));
        await session.release();
        const ports = { input: { name: "pixels", shape: [16, 16, 3] }, output: { name: "grid", shape: [4096] } };
        const plan: Plan = { input, means: [0, 0, 0, 0], steps: [step], last: [output], relu: false, ports };
        const pixels = Float32Array.from(image, (stored) => (stored - input.zero) * from);
        const features = Float32Array.from(expected!.data as Uint8Array, (stored) => Math.fround((stored - zero) * to));
        for (const [kernel, module] of kernels)
          expect([kernel, new Int8Encoder(plan, new KernelModule(module), kernel).run(pixels)]).toEqual([
            kernel,
            features,
          ]);
      }),
      { numRuns: runs(40) },
    );
  });

  test("gives the features of onnxruntime-web, bit for bit, for random encoders on every kernel", async () => {
    const pictures = fc.infiniteStream(fc.oneof(fc.constantFrom(0, 255), fc.integer({ min: 0, max: 255 })));
    await fc.assert(
      fc.asyncProperty(encoderShapes, pictures, async (shape, stream) => {
        const { size, channels } = shape;
        const bytes = randomEncoder(shape);
        const data = Float32Array.from(stream.take(size * size * channels));
        await using session = await GraphSession.create("random", bytes, { backend: "wasm" });
        const { grid } = await session.run({ pixels: { data, shape: [1, size, size, channels] } });
        const plan = readPlan(bytes);
        for (const [kernel, module] of kernels) {
          for (const height of [4, 5, 6]) {
            const encoder = new Int8Encoder(plan, new KernelModule(module), kernel, { height, blockBytes: 1024 });
            // Twice: nothing of the first picture may stay behind.
            encoder.run(data.map((value) => 255 - value));
            expect([kernel, encoder.run(data)]).toEqual([kernel, grid!.data as Float32Array]);
          }
        }
      }),
      { numRuns: runs(40) },
    );
  });
});
