/** Compares each kernel of crates/engine with plain arithmetic and with onnxruntime-web. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { GraphSession } from "../../../src/runtime/graph_session.ts";
import { Int8Encoder } from "../../../src/runtime/rust/int8_encoder.ts";
import { bytesOf, KernelModule, type KernelName, packingOf } from "../../../src/runtime/rust/kernel_module.ts";
import { readPlan } from "../../../src/runtime/rust/read_plan.ts";
import { describeUnless } from "../../skip.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const build = (name: string) => new Uint8Array(readFileSync(`${root}crates/engine/pkg/${name}.wasm`));
const accepted = WebAssembly.validate(build("relaxed"));
const plain = new WebAssembly.Module(build("dot16"));
const relaxed = accepted ? new WebAssembly.Module(build("relaxed")) : undefined;
const direct = relaxed !== undefined && new KernelModule(relaxed).kernels.includes("direct");

const heights = [4, 5, 6];
const channels = 8;

interface Operands {
  /** Row after row. */
  readonly activations: Uint8Array;
  /** Channel after channel. */
  readonly weights: Int8Array;
  readonly rows: number;
  readonly depth: number;
}

function dot({ activations, weights, depth }: Operands, row: number, channel: number): number {
  let sum = 0;
  for (let k = 0; k < depth; k++) sum += activations[row * depth + k]! * weights[channel * depth + k]!;
  return sum;
}

/** Weights as the module packs them, for one tap. */
function pack(module: KernelModule, kernel: KernelName, weights: Int8Array, depth: number): number {
  const packing = packingOf(kernel);
  const [source, packed] = [module.put(weights), module.allocate(weights.length * packing.bytes)];
  const shape = [channels, depth, 1, 1, 1, depth, depth];
  const biases = module.allocate(4 * channels);
  module.call(packing.pack, [source, packed, biases, ...shape, 0]);
  return packed;
}

/** Outputs of the kernel, row after row. */
function run(
  module: KernelModule,
  kernel: KernelName,
  height: number,
  operands: Operands,
  { biases, scales, zero }: { biases: Int32Array; scales: Float32Array; zero: number },
): number[] {
  const { activations, weights, rows, depth } = operands;
  const tapBytes = depth * bytesOf(kernel);
  const input = module.putActivations(kernel, activations);
  const output = module.allocate(rows * channels * bytesOf(kernel));
  module.convolution(kernel, height, {
    sources: module.put(Uint32Array.from({ length: rows }, (_, row) => input + row * tapBytes)),
    ...{ rows, taps: 1, tapBytes, channels, zero, output, block: 2 * height },
    weights: pack(module, kernel, weights, depth),
    biases: module.put(biases),
    scales: module.put(scales),
  })();
  const bytes = module.bytes(output, rows * channels * bytesOf(kernel)).slice();
  return [...(bytesOf(kernel) === 2 ? new Uint16Array(bytes.buffer) : bytes)];
}

/** Every sum must be exact: biases that bring a row's sums to 0, 1, 2 and so on would show a difference of 1. */
function expectExactSums(build: WebAssembly.Module, kernel: KernelName, operands: Operands): void {
  const module = new KernelModule(build);
  const scales = new Float32Array(channels).fill(1);
  for (const height of heights) {
    for (let row = 0; row < operands.rows; row++) {
      const biases = Int32Array.from({ length: channels }, (_, channel) => 100 + channel - dot(operands, row, channel));
      const outputs = run(module, kernel, height, operands, { biases, scales, zero: 0 });
      expect(outputs.slice(row * channels, (row + 1) * channels)).toEqual([100, 101, 102, 103, 104, 105, 106, 107]);
    }
  }
}

const operandsOf = (rows: number, depth: number, activation: () => number, weight: () => number): Operands => ({
  activations: Uint8Array.from({ length: rows * depth }, activation),
  weights: Int8Array.from({ length: channels * depth }, weight),
  ...{ rows, depth },
});

const cases: [KernelName, WebAssembly.Module, string | undefined][] = [
  ["dot16", plain, undefined],
  ["compact", plain, undefined],
  ["dot16", relaxed ?? plain, accepted ? undefined : "relaxed SIMD is not accepted here"],
  ["split", relaxed ?? plain, accepted ? undefined : "relaxed SIMD is not accepted here"],
  ["direct", relaxed ?? plain, direct ? undefined : "the relaxed dot product does not take eight bits here"],
];
for (const [kernel, build, missing] of cases) {
  describeUnless(missing, `the kernel ${kernel} of ${build === plain ? "dot16" : "relaxed"}.wasm`, () => {
    test("is exact with the extremes, as deep as the encoder's deepest layer", () => {
      for (const activation of [0, 1, 127, 128, 254, 255]) {
        for (const weight of [-128, -127, -1, 1, 127]) {
          expectExactSums(
            build,
            kernel,
            operandsOf(
              1,
              4608,
              () => activation,
              () => weight,
            ),
          );
        }
      }
      // A height's full tile, and the rows that are left over.
      expectExactSums(
        build,
        kernel,
        operandsOf(
          7,
          64,
          () => 255,
          () => -128,
        ),
      );
    });

    test("is exact with any operands", () => {
      const byte = fc.oneof(fc.constantFrom(0, 127, 128, 255), fc.integer({ min: 0, max: 255 }));
      const shape = fc.record({ rows: fc.integer({ min: 1, max: 13 }), steps: fc.integer({ min: 1, max: 6 }) });
      const any = shape.chain(({ rows, steps }) =>
        fc.record({
          activations: fc.uint8Array({ minLength: rows * 16 * steps, maxLength: rows * 16 * steps }),
          weights: fc.array(byte, { minLength: channels * 16 * steps, maxLength: channels * 16 * steps }),
          ...{ rows: fc.constant(rows), depth: fc.constant(16 * steps) },
        }),
      );
      fc.assert(
        fc.property(any, ({ weights, ...rest }) =>
          expectExactSums(build, kernel, { ...rest, weights: Int8Array.from(weights) }),
        ),
        { numRuns: 25 },
      );
    });

    test("rounds to the nearest, ties to even, and cuts off", () => {
      const operands = operandsOf(
        1,
        16,
        () => 0,
        () => 1,
      );
      const biases = Int32Array.from([1, 3, 5, -1, -3, 1000, -1000, 2 ** 30]);
      const scales = new Float32Array(channels).fill(0.5);
      const module = new KernelModule(build);
      expect(run(module, kernel, 4, operands, { biases, scales, zero: 10 })).toEqual([10, 12, 12, 10, 8, 255, 0, 255]);
    });
  });
}

describe("the encoder on the kernels", () => {
  test("gives its memory back", async () => {
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 25; round++) {
      await using session = await GraphSession.create("encoder", model, { backend: "rust" });
      expect(session.inputs.length).toBe(1);
    }
    // Each of them takes 30 MB or more, and the garbage collector runs late.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(300);
  });

  const model = new Uint8Array(readFileSync(`${root}models/default/encoder.onnx`));
  const pictures = [
    // Smooth, noise, and the darkest and brightest pixels.
    (i: number) => Math.floor(128 + 60 * Math.sin(i / 977) + ((i * 37) % 67)),
    (i: number) => (Math.imul(i + 1, 2654435761) >>> 24) & 255,
    (i: number) => (Math.floor(i / 3) % 224 < 112 ? 0 : 255),
  ].map((pixel) => Float32Array.from({ length: 224 * 224 * 3 }, (_, i) => pixel(i)));

  test("gives the features of onnxruntime-web, bit for bit", async () => {
    await using session = await GraphSession.create("encoder", model, { threads: 1, backend: "wasm" });
    const plan = readPlan(model);
    const exact = cases.filter(([, , missing]) => missing === undefined);
    expect(exact.length).toBeGreaterThan(0);
    const encoders = exact.map(([kernel, build]) => new Int8Encoder(plan, new KernelModule(build), kernel));
    for (const data of pictures) {
      const { grid } = await session.run({ pixels: { data, shape: [1, 224, 224, 3] } });
      for (const encoder of encoders)
        expect(encoder.run(data).filter((value, i) => value !== grid!.data[i]).length).toBe(0);
    }
  });
});
