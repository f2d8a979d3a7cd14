import { beforeAll, describe, expect, test } from "bun:test";
import { decodeModel, encodeModel, GraphBuilder, type Value } from "../../src/export/mod.ts";
import {
  beforeLastStage,
  type LastStageWeights,
  lastStageShapes,
  readLastStage,
  runLastStage,
  withLastStage,
} from "../../src/training/last_stage.ts";
import { SeededRandom } from "../../src/training/seeded_random.ts";
import { startTensorflow, tf } from "../../src/training/tensorflow.ts";
import { largestDifference } from "../export/agreement.ts";
import { runOnnx } from "../export/onnx_run.ts";

const stem = 3;
const features = 8;
const random = new SeededRandom(7);
const normal = (length: number) => Float32Array.from({ length }, () => random.normal() / 2);

/** An encoder with a small last stage of ResNet50's make, behind one convolution that stands for all the rest. */
function smallEncoder(): Uint8Array {
  const g = new GraphBuilder("small");
  const convolution = (x: Value, name: string, [out, inputs, side]: [number, number, number], stride = 1) => {
    const kernel = g.weight(`${name}/kernel`, [out, inputs, side, side], normal(out * inputs * side * side));
    const bias = g.weight(`${name}/bias`, [out], normal(out));
    const attributes = {
      kernel_shape: [side, side],
      strides: [stride, stride],
      pads: new Array(4).fill((side - 1) / 2),
    };
    return g.node("Conv", [x, kernel, bias], attributes, { name: `/${name}` });
  };
  const block = (x: Value, name: string, inputs: number, stride: number, shortcut: (x: Value) => Value) => {
    const narrow = g.node("Relu", [convolution(x, `${name}_branch2a`, [features / 4, inputs, 1], stride)]);
    const mixed = g.node("Relu", [convolution(narrow, `${name}_branch2b`, [features / 4, features / 4, 3])]);
    const wide = convolution(mixed, `${name}_branch2c`, [features, features / 4, 1]);
    return g.node("Relu", [g.node("Add", [wide, shortcut(x)])]);
  };
  const pixels = g.input("pixels", "float32", ["batch", 6, 6, 3]);
  const picture = g.node("Transpose", [pixels], { perm: [0, 3, 1, 2] });
  const before = g.node("Relu", [convolution(picture, "conv1", [stem, 3, 1])]);
  const a = block(before, "res5a", stem, 2, (x) => convolution(x, "res5a_branch1", [features, stem, 1], 2));
  const b = block(a, "res5b", features, 1, (x) => x);
  const c = block(b, "res5c", features, 1, (x) => x);
  const rows = g.node("Transpose", [c], { perm: [0, 2, 3, 1] });
  g.output("grid", g.node("Reshape", [rows, g.ints([-1, 9, features])]), "float32", ["batch", 9, features]);
  return g.toBytes();
}

function tensorsOf(weights: ReadonlyMap<string, Float32Array>): LastStageWeights {
  return Object.fromEntries(
    lastStageShapes({ stem, features }).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, shape)]),
  ) as unknown as LastStageWeights;
}

describe("the last stage", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });
  const encoder = smallEncoder();
  const pixels = { shape: [2, 6, 6, 3], data: normal(2 * 6 * 6 * 3) };

  test("behind the encoder that ends before it gives what the whole encoder gives", async () => {
    const graph = decodeModel(encoder);
    const whole = (await runOnnx(encoder, { pixels })).get("grid")!;
    const before = (await runOnnx(beforeLastStage(graph), { pixels })).get("grid")!;
    expect(before.shape).toEqual([2, 9, stem]);
    const grid = tf.tensor3d(Float32Array.from(before.data), [2, 9, stem]);
    const got = runLastStage(tensorsOf(readLastStage(graph)), grid);
    expect(got.shape).toEqual([2, 9, features]);
    expect(largestDifference(got.dataSync(), whole.data)).toBeLessThan(1e-4);
  });

  test("is put into the encoder, which is the same where nothing was learnt, and gives what was learnt", async () => {
    const graph = decodeModel(encoder);
    const weights = readLastStage(graph);
    expect(encodeModel(withLastStage(graph, weights))).toEqual(encodeModel(graph));
    const learnt = new Map([...weights].map(([name, value]) => [name, value.map((x) => x + random.normal() / 10)]));
    const whole = (await runOnnx(encodeModel(withLastStage(graph, learnt)), { pixels })).get("grid")!;
    const before = (await runOnnx(beforeLastStage(graph), { pixels })).get("grid")!;
    const grid = tf.tensor3d(Float32Array.from(before.data), [2, 9, stem]);
    expect(largestDifference(runLastStage(tensorsOf(learnt), grid).dataSync(), whole.data)).toBeLessThan(1e-4);
    expect(readLastStage(graph)).toEqual(weights);
  });

  test("is refused where the graph is no ResNet50, or not in float32", () => {
    const g = new GraphBuilder("other");
    g.output("grid", g.node("Relu", [g.input("pixels", "float32", ["batch", 2])]), "float32", ["batch", 2]);
    expect(() => readLastStage(g.graph)).toThrow(/"other" cannot be trained: it has no convolution "res5a_branch2a"/);
    expect(() => beforeLastStage(g.graph)).toThrow(/scripts\/encoder.ts/);
    const graph = decodeModel(encoder);
    graph.initializers.delete("res5b_branch2b/bias");
    expect(() => readLastStage(graph)).toThrow(/not in float32/);
  });
});
