import { beforeAll, describe, expect, test } from "bun:test";
import * as tf from "@tensorflow/tfjs";
import { convertLayersModel } from "../../src/export/layers_model.ts";
import { expectAgreement, scrambleWeights } from "./agreement.ts";

const { layers } = tf;

function operations(model: tf.LayersModel): string[] {
  return convertLayersModel(model).graph.nodes.map(({ op }) => op);
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("simplify()", () => {
  test("turns a padding, a convolution and a batch normalisation into one convolution", async () => {
    const model = tf.sequential({
      layers: [
        layers.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
          inputShape: [5, 5, 2],
        }),
        layers.conv2d({ filters: 3, kernelSize: 3, useBias: false }),
        layers.batchNormalization(),
        layers.activation({ activation: "relu" }),
        layers.zeroPadding2d({ padding: 1 }),
        layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      ],
    });
    scrambleWeights(model, 1);
    expect(operations(model)).toEqual(["Transpose", "Conv", "Relu", "MaxPool", "Transpose"]);
    await expectAgreement(model, { batch: 2, time: 1, words: 1, seed: 1 });
  });

  test("keeps a batch normalisation whose convolution is read elsewhere too", async () => {
    const input = tf.input({ shape: [4, 4, 2] });
    const plain = layers.conv2d({ filters: 3, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
    const norm = layers.batchNormalization().apply(plain) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: layers.add().apply([plain, norm]) as tf.SymbolicTensor });
    scrambleWeights(model, 2);
    expect(operations(model)).toContain("BatchNormalization");
    await expectAgreement(model, { batch: 2, time: 1, words: 1, seed: 2 });
  });

  test("keeps a node whose value is also an output", async () => {
    const input = tf.input({ shape: [4, 4, 2] });
    const plain = layers.conv2d({ filters: 3, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
    const norm = layers.batchNormalization().apply(plain) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: [plain, norm] });
    scrambleWeights(model, 3);
    await expectAgreement(model, { batch: 2, time: 1, words: 1, seed: 3 });
  });

  test("keeps pictures channels first between layers, without transposing them back", () => {
    const input = tf.input({ shape: [4, 4, 2] });
    const conv = (x: tf.SymbolicTensor): tf.SymbolicTensor =>
      layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }).apply(x) as tf.SymbolicTensor;
    const joined = layers.concatenate().apply([conv(input), conv(conv(input))]) as tf.SymbolicTensor;
    const pooled = layers.globalAveragePooling2d({}).apply(joined) as tf.SymbolicTensor;
    const transposes = operations(tf.model({ inputs: input, outputs: pooled })).filter((op) => op === "Transpose");
    expect(transposes).toHaveLength(1);
  });

  test("stores the weights of a layer that is used twice once", () => {
    const inputs = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const shared = layers.dense({ units: 3 });
    const outputs = inputs.map((input) => shared.apply(input) as tf.SymbolicTensor);
    const model = tf.model({ inputs, outputs: layers.add().apply(outputs) as tf.SymbolicTensor });
    scrambleWeights(model, 5);
    expect(convertLayersModel(model).graph.initializers.size).toBe(2);
  });
});
