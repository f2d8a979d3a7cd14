import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readAsset } from "#assets";
import { EdgecapError } from "../../../src/errors.ts";
import { encodeModel, type Graph, tensor } from "../../../src/export/mod.ts";
import { decodeModel } from "../../../src/export/onnx_proto.ts";
import { DecoderSession } from "../../../src/runtime/rust/decoder_session.ts";
import { KernelModule } from "../../../src/runtime/rust/kernel_module.ts";
import { readDecoder } from "../../../src/runtime/rust/read_decoder.ts";
import { randomDecoder } from "./random_decoder.ts";

const shape = { regions: 5, features: 6, units: 8, embedding: 3, vocabulary: 10 };
const concepts = { nouns: 180, slots: 2, vector: 4 };
// Copies, because the exporter gives Buffers, whose slices are views.
const { init, step } = Object.fromEntries(
  Object.entries(
    randomDecoder({ seed: 7, precision: "fp16", scale: 1, classes: 7, shape: { ...shape, concepts } }),
  ).map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
) as { init: Uint8Array; step: Uint8Array };

/** A graph with one thing changed. */
function changed(bytes: Uint8Array, change: (graph: Graph) => void): Uint8Array {
  const graph = decodeModel(bytes);
  change(graph);
  return encodeModel(graph);
}

const nodeOf = (graph: Graph, op: string, at = 0) => graph.nodes.filter((node) => node.op === op)[at]!;

function setInts(graph: Graph, op: string, input: number, ...values: number[]): void {
  // Other operations may read the constant that is replaced.
  const name = "changed";
  nodeOf(graph, op).inputs[input] = name;
  graph.initializers.set(name, tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
}

describe("readDecoder()", () => {
  test("takes damaged files apart or refuses them, with one of its own errors", () => {
    for (const whole of [init, step]) {
      const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(damage, fc.integer({ min: 1, max: whole.length }), (bytes, length) => {
          const broken = whole.slice(0, length % 3 === 0 ? length : undefined);
          for (const [at, value] of bytes) broken[at] = value;
          try {
            expect(Array.isArray(readDecoder(broken).outputs)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            // Not an error that a mistake in the reader would throw.
            expect([TypeError, ReferenceError].some((kind) => error instanceof kind)).toBe(false);
          }
        }),
        { numRuns: 400 },
      );
    }
  });

  const refusals: readonly (readonly [why: string, bytes: Uint8Array, change: (graph: Graph) => void])[] = [
    ["Erf", step, (graph) => Object.assign(nodeOf(graph, "Tanh"), { op: "Erf" })],
    ["com.example.Tanh", step, (graph) => Object.assign(nodeOf(graph, "Tanh"), { domain: "com.example" })],
    ["MatMul", step, (graph) => nodeOf(graph, "MatMul").inputs.reverse()],
    ["perm = 1,0,2", step, (graph) => Object.assign(nodeOf(graph, "Transpose").attributes, { perm: [1, 0, 2] })],
    ["axis = 1", step, (graph) => Object.assign(nodeOf(graph, "Softmax").attributes, { axis: 1 })],
    ["axis = 1", step, (graph) => Object.assign(nodeOf(graph, "Gather").attributes, { axis: 1 })],
    ["splits 48 columns into 8, 8, 33", step, (graph) => setInts(graph, "Split", 1, 8, 8, 33)],
    ["takes the columns 1", step, (graph) => setInts(graph, "Slice", 1, 1)],
    ["does not add up the columns", step, (graph) => setInts(graph, "ReduceSum", 1, 1)],
    ["keepdims = 0", step, (graph) => Object.assign(nodeOf(graph, "ReduceSum").attributes, { keepdims: 0 })],
    ["does not divide each row", step, (graph) => nodeOf(graph, "Div").inputs.reverse()],
    [
      "reads matrices of",
      step,
      (graph) => nodeOf(graph, "Mul", 2).inputs.splice(1, 1, nodeOf(graph, "Gather").outputs[0]!),
    ],
    ["its output", step, (graph) => Object.assign(graph.outputs[0]!, { shape: ["images", "beams", 11] })],
    ["its input", step, (graph) => Object.assign(graph.inputs[3]!, { shape: ["images", "beams", "units"] })],
    [
      'the length "others" beside "beams"',
      step,
      (graph) => Object.assign(graph.inputs[4]!, { shape: ["images", "others", 8] }),
    ],
    ["takes 500 of 180 numbers", init, (graph) => setInts(graph, "TopK", 1, 500)],
    ["does not make a column", init, (graph) => setInts(graph, "Unsqueeze", 1, 1)],
    ["axes = 2", init, (graph) => Object.assign(nodeOf(graph, "ReduceMean").attributes, { axes: [2] })],
    [
      "joins matrices of different lengths",
      init,
      (graph) => Object.assign(nodeOf(graph, "Concat", 1).attributes, { axis: 2 }),
    ],
    [
      "scales of weights along axis 0",
      init,
      (graph) => Object.assign(nodeOf(graph, "DequantizeLinear").attributes, { axis: 0 }),
    ],
    ["to = 10", init, (graph) => Object.assign(nodeOf(graph, "Cast").attributes, { to: 10 })],
  ];
  for (const [at, [why, bytes, change]] of refusals.entries()) {
    test(`refuses what the engine does not run (${at}): ${why}`, () => {
      const other = changed(bytes, change);
      expect(() => readDecoder(other)).toThrow(EdgecapError);
      expect(() => readDecoder(other)).toThrow(why);
      expect(readDecoder(bytes).operations.length).toBeGreaterThan(10);
    });
  }
});

describe("DecoderSession", () => {
  const session = async () =>
    new DecoderSession(
      readDecoder(step),
      new KernelModule(await WebAssembly.compile(await readAsset("engine_dot16.wasm"))),
    );
  const floats = (...lengths: number[]) => ({
    data: new Float32Array(lengths.reduce((all, next) => all * next, 1)),
    shape: lengths,
  });
  const inputs = {
    tokens: { data: Int32Array.of(1, 9), shape: [1, 2] },
    ...{ keys: floats(1, 7, 8), values: floats(1, 7, 8), hidden: floats(1, 2, 8), cell: floats(1, 2, 8) },
  };

  test("refuses inputs of another shape, words that it does not have, and to run after its end", async () => {
    const open = await session();
    const { tokens } = inputs;
    const wrong = [
      [{ ...inputs, tokens: { ...tokens, data: Int32Array.of(1, 10) } }, "the number 10, instead of 0 to 9"],
      [{ ...inputs, tokens: { ...tokens, data: Int32Array.of(-1, 1) } }, "the number -1"],
      [{ ...inputs, tokens: { ...tokens, data: Float32Array.of(1, 1) } }, "not int32"],
      [{ ...inputs, tokens: { data: new Int32Array(0), shape: [1, 0] } }, "[1, 2, 8]"],
      [{ ...inputs, hidden: floats(1, 3, 8) }, "[1, 2, 8]"],
      [{ ...inputs, keys: floats(2, 7, 8) }, "[1, 7, 8]"],
      [{ ...inputs, cell: { ...floats(1, 2, 8), data: new Float32Array(3) } }, "with 3 numbers"],
      [{ ...inputs, values: tokens }, "not float32"],
      [{}, "missing"],
    ] as const;
    for (const [values, why] of wrong) await expect(open.run(values as typeof inputs)).rejects.toThrow(why);
    expect(Object.keys(await open.run(inputs))).toEqual(["logits", "next_hidden", "next_cell", "attention"]);
    await open.release();
    await expect(open.run(inputs)).rejects.toThrow("released");
  });

  test("gives outputs that later runs leave alone, and the same for the same inputs", async () => {
    const open = await session();
    const first = await open.run(inputs);
    const copy = structuredClone(first);
    const more = Array.from({ length: 40 }, () => 3);
    const wider = floats(1, 40, 8);
    await open.run({
      ...inputs,
      tokens: { data: Int32Array.from(more), shape: [1, 40] },
      hidden: { ...wider, data: wider.data.fill(0.3) },
      cell: wider,
    });
    expect(first).toEqual(copy);
    expect(await open.run(inputs)).toEqual(copy);
  });
});
