/** Compares the engine with onnxruntime-web, on random decoders and on the default bundle's. */
import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { readAsset } from "#assets";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { DecoderSession } from "../../../src/runtime/rust/decoder_session.ts";
import { KernelModule } from "../../../src/runtime/rust/kernel_module.ts";
import { readDecoder } from "../../../src/runtime/rust/read_decoder.ts";
import type { GraphTensor, GraphValue } from "../../../src/runtime/tensors.ts";
import { runs } from "../../runs.ts";
import { decoderShapes, randomDecoder } from "./random_decoder.ts";

const assets = [await readAsset("engine_dot16.wasm"), await readAsset("engine_relaxed.wasm")];
const modules = assets.filter((bytes) => WebAssembly.validate(bytes)).map((bytes) => new WebAssembly.Module(bytes));

type Tensors = Record<string, GraphValue>;

/**
 * Random weights give sums of up to 80, whose float32 rounding alone is 4e-6; 1.2e-5 was the most in 2,000 decoders.
 * The bundle's own sums are small.
 */
const rounding = { random: 5e-5, bundle: 1e-5 } as const;

/**
 * Expects what onnxruntime-web computes, within rounding. @param share Largest error, as a share of the largest value.
 */
function expectNear(found: Tensors, expected: Tensors, share: number): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected) as [string, GraphTensor][]) {
    const { data, shape } = found[name] as GraphTensor;
    expect([name, shape]).toEqual([name, value.shape]);
    const largest = Array.from(value.data).reduce((most, next) => Math.max(most, Math.abs(next)), 1e-30);
    const apart = Array.from(data).reduce((most, next, at) => Math.max(most, Math.abs(next - value.data[at]!)), 0);
    expect([name, Number.isFinite(largest), apart <= share * largest]).toEqual([name, true, true]);
  }
}

/** Whether rounding cannot change which nouns of a picture are the likeliest, nor their order. */
function choiceIsClear({ data, shape }: GraphTensor, slots: number): boolean {
  const nouns = shape.at(-1)!;
  return Array.from({ length: data.length / nouns }, (_, picture) =>
    Array.from(data.slice(picture * nouns, (picture + 1) * nouns)).sort((a, b) => b - a),
  ).every((chances) => chances.slice(0, slots).every((chance, at) => chance - (chances[at + 1] ?? -1) > 1e-5));
}

const normal = (random: SeededRandom, shape: readonly number[]) => ({
  data: Float32Array.from({ length: shape.reduce((all, next) => all * next, 1) }, () => random.normal()),
  shape,
});

describe("the engine's decoder", () => {
  test("computes what onnxruntime-web does, for random decoders, pictures and beams", async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(decoderShapes, counts, fc.integer({ min: 1, max: 2 }), async (drawn, beamCounts, pictures) => {
        const { init, step } = randomDecoder(drawn);
        const { regions, features, units, vocabulary, concepts } = drawn.shape;
        const random = new SeededRandom(drawn.seed);
        await using wasmInit = await GraphSession.create("init", init);
        await using wasmStep = await GraphSession.create("step", step);
        const engines = modules.map((module) => ({
          init: new DecoderSession(readDecoder(init), new KernelModule(module)),
          step: new DecoderSession(readDecoder(step), new KernelModule(module)),
        }));
        const grid = normal(random, [pictures, regions, features]);
        const expected = await wasmInit.run({ grid });
        if (concepts !== undefined) fc.pre(choiceIsClear(expected["concepts"] as GraphTensor, concepts.slots));
        for (const engine of engines) {
          expect([engine.init.inputs, engine.init.outputs]).toEqual([wasmInit.inputs, wasmInit.outputs]);
          expect([engine.step.inputs, engine.step.outputs]).toEqual([wasmStep.inputs, wasmStep.outputs]);
          expectNear(await engine.init.run({ grid }), expected, rounding.random);
        }
        const places = [pictures, regions + (concepts?.slots ?? 0), units];
        const [keys, values] = [normal(random, places), normal(random, places)];
        for (const beams of beamCounts) {
          const shape = [pictures, beams];
          const words = Int32Array.from({ length: pictures * beams }, () => Math.floor(vocabulary * random.next()));
          const [hidden, cell] = [normal(random, [...shape, units]), normal(random, [...shape, units])];
          const inputs = { tokens: { data: words, shape }, keys, values, hidden, cell };
          const outputs = await wasmStep.run(inputs);
          for (const engine of engines) expectNear(await engine.step.run(inputs), outputs, rounding.random);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  test("computes what onnxruntime-web does for the default bundle", async () => {
    const file = (name: string) => readFile(new URL(`../../../models/default/${name}.onnx`, import.meta.url));
    const open = async (name: string, backend: "rust" | "wasm") =>
      await GraphSession.create(name, new Uint8Array(await file(name)), { backend });
    const random = new SeededRandom(3);
    const { data, shape } = normal(random, [1, 49, 2048]);
    const grid = { data: data.map((value) => Math.max(0, value)), shape };
    let memory: Readonly<Record<string, GraphTensor>>;
    {
      await using rust = await open("decoder_init", "rust");
      await using wasm = await open("decoder_init", "wasm");
      memory = await wasm.run({ grid });
      expectNear(await rust.run({ grid }), memory, rounding.bundle);
    }
    await using rust = await open("decoder_step", "rust");
    await using wasm = await open("decoder_step", "wasm");
    const { keys, values } = memory as { keys: GraphTensor; values: GraphTensor };
    for (const beams of [1, 10, 3]) {
      const tokens = { data: Int32Array.from({ length: beams }, (_, beam) => 1 + 7 * beam), shape: [1, beams] };
      const [hidden, cell] = [normal(random, [1, beams, 512]), normal(random, [1, beams, 512])];
      const inputs = { tokens, keys, values, hidden, cell };
      expectNear(await rust.run(inputs), await wasm.run(inputs), rounding.bundle);
    }
  });
});
