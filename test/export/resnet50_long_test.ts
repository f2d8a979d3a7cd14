import { describe, expect, test } from "bun:test";
import * as tf from "@tensorflow/tfjs";
import { loadLayersModel } from "../../scripts/model/load_layers_model.ts";
import { encodeModel } from "../../src/export/onnx_proto.ts";
import { resnet50Encoder } from "../../src/export/resnet50.ts";
import { testUnless } from "../skip.ts";
import { largestDifference } from "./agreement.ts";
import { runOnnx } from "./onnx_run.ts";
import { noWeights, resnet50Weights } from "./resnet50_weights.ts";

const size = 64;

/** A picture of coloured waves, 0 to 255: its colours differ, and it is not symmetric. */
function waves(): Float32Array {
  return Float32Array.from({ length: size * size * 3 }, (_, i) => {
    const [colour, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    return Math.round(127.5 + 127.5 * Math.sin((x * (colour + 1)) / 9 + (y * y) / 300 + colour));
  });
}

describe("resnet50Encoder()", () => {
  testUnless(noWeights, "computes in ONNX what tfjs computes for a BGR picture without the means", async () => {
    await tf.setBackend("cpu");
    const model = await loadLayersModel(resnet50Weights!, size);
    const pixels = waves();
    const grid = tf.tidy(() => {
      const bgr = tf.reverse(tf.tensor4d(pixels, [1, size, size, 3]), 3).sub([103.939, 116.779, 123.68]);
      const last = model.layers.find((layer) => layer.name === "activation_48")!;
      return (tf.model({ inputs: model.inputs, outputs: last.output }).predict(bgr) as tf.Tensor).dataSync();
    });
    const graph = resnet50Encoder(model).graph;
    const outputs = await runOnnx(encodeModel(graph), { pixels: { shape: [1, size, size, 3], data: pixels } });
    const got = outputs.get("grid")!;
    expect(got.shape).toEqual([1, 4, 2048]);
    expect(Math.max(...grid)).toBeGreaterThan(1);
    expect(largestDifference(got.data, grid)).toBeLessThan(1e-4);
  });

  testUnless(noWeights, "folds normalisations and paddings away", async () => {
    await tf.setBackend("cpu");
    const { graph } = resnet50Encoder(await loadLayersModel(resnet50Weights!, size));
    const counts = new Map<string, number>();
    for (const { op } of graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      Sub: 1,
      Transpose: 2,
      Conv: 53,
      Relu: 49,
      MaxPool: 1,
      Add: 16,
      Reshape: 1,
    });
  });

  test("refuses a model that pools nothing", async () => {
    await tf.setBackend("cpu");
    const model = tf.sequential({ name: "flat", layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    expect(() => resnet50Encoder(model)).toThrow('Model "flat" has no GlobalAveragePooling2D');
  });
});
