import { beforeAll, describe, expect, test } from "bun:test";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import type { EdgecapError } from "../../src/errors.ts";
import { convertLayersModel } from "../../src/export/layers_model.ts";
import { runs } from "../runs.ts";
import { expectAgreement, scrambleWeights } from "./agreement.ts";
import { pictureModels, sequenceModels } from "./random_models.ts";
import { refusalOf } from "./refusal.ts";

const { layers } = tf;
const plan = { batch: 2, time: 5, words: 4, seed: 5 };

function symbol(value: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor {
  return value as tf.SymbolicTensor;
}

async function agrees(model: tf.LayersModel, seed = 3): Promise<void> {
  scrambleWeights(model, seed);
  await expectAgreement(model, plan);
}

function refusal(model: tf.LayersModel): EdgecapError {
  return refusalOf(() => convertLayersModel(model));
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("convertLayersModel()", () => {
  test("agrees with tfjs on random models over pictures", async () => {
    await fc.assert(
      fc.asyncProperty(pictureModels, fc.nat(1000), async (make, seed) => {
        const model = make();
        scrambleWeights(model, seed);
        await expectAgreement(model, { ...plan, seed });
      }),
      { numRuns: runs(60) },
    );
  });

  test("agrees with tfjs on random models over sequences, masked ones too", async () => {
    await fc.assert(
      fc.asyncProperty(sequenceModels, fc.nat(1000), fc.integer({ min: 2, max: 4 }), async (make, seed, words) => {
        const model = make();
        scrambleWeights(model, seed);
        // With few words most steps are masked, and some sequences are masked throughout.
        await expectAgreement(model, { batch: 4, time: 5, words, seed });
      }),
      { numRuns: runs(60) },
    );
  });

  test("reads initial states and returns final states", async () => {
    const sequence = tf.input({ shape: [null, 3] });
    const states = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const lstm = layers.lstm({ units: 4, returnState: true, returnSequences: true });
    await agrees(
      tf.model({ inputs: [sequence, ...states], outputs: lstm.apply([sequence, ...states]) as tf.SymbolicTensor[] }),
    );
  });

  test("returns the states of both directions", async () => {
    const sequence = tf.input({ shape: [5, 3] });
    const layer = layers.gru({ units: 2, returnState: true, returnSequences: true });
    const both = layers.bidirectional({ layer, mergeMode: "concat" });
    await agrees(tf.model({ inputs: sequence, outputs: both.apply(sequence) as tf.SymbolicTensor[] }));
  });

  test("lets Masking skip steps", async () => {
    const sequence = tf.input({ shape: [5, 1] });
    // Half of the numbers become zeros, and with them half of the steps.
    const masked = symbol(layers.masking().apply(symbol(layers.reLU().apply(sequence))));
    const gru = layers.gru({ units: 4, returnState: true });
    await agrees(tf.model({ inputs: sequence, outputs: gru.apply(masked) as tf.SymbolicTensor[] }));
  });

  test("keeps the masks' steps apart when sequences are joined", async () => {
    const words = tf.input({ shape: [5], dtype: "int32" });
    const masked = symbol(layers.embedding({ inputDim: 4, outputDim: 3, maskZero: true }).apply(words));
    const wide = symbol(layers.concatenate().apply([masked, symbol(layers.dense({ units: 2 }).apply(masked))]));
    await agrees(tf.model({ inputs: words, outputs: symbol(layers.lstm({ units: 3 }).apply(wide)) }));
  });

  test("takes several inputs and a layer that is used twice", async () => {
    const left = tf.input({ shape: [6, 6, 2] });
    const right = tf.input({ shape: [6, 6, 2] });
    const shared = layers.conv2d({ filters: 3, kernelSize: 3 });
    const joined = symbol(layers.concatenate().apply([symbol(shared.apply(left)), symbol(shared.apply(right))]));
    await agrees(tf.model({ inputs: [left, right], outputs: symbol(layers.globalMaxPooling2d({}).apply(joined)) }));
  });

  test("takes a model inside a model, and one at every step of a sequence", async () => {
    const inner = tf.sequential({
      layers: [layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 3] }), layers.flatten()],
    });
    const steps = tf.input({ shape: [5, 4, 4, 3] });
    const distributed = layers.timeDistributed({ layer: layers.conv2d({ filters: 3, kernelSize: 1 }) }).apply(steps);
    await agrees(tf.model({ inputs: steps, outputs: symbol(distributed) }));
    const picture = tf.input({ shape: [4, 4, 3] });
    await agrees(tf.model({ inputs: picture, outputs: symbol(inner.apply(picture)) }));
  });

  test("takes sequences of vectors: repeated, pooled, softmaxed", async () => {
    await agrees(
      tf.sequential({
        layers: [
          layers.repeatVector({ n: 3, inputShape: [4] }),
          layers.softmax({ axis: 2 }),
          layers.thresholdedReLU({ theta: 0.1 }),
          layers.globalAveragePooling1d(),
        ],
      }),
    );
  });

  for (const padding of ["valid", "same"] as const) {
    for (const [poolSize, strides] of [
      [2, 2],
      [3, 1],
      [3, 2],
    ] as const) {
      test(`pools ${poolSize} steps of a sequence at stride ${strides}, ${padding}`, async () => {
        const steps = tf.input({ shape: [7, 3] });
        const pooled = [layers.maxPooling1d, layers.averagePooling1d].map((pool) =>
          symbol(pool({ poolSize, strides, padding }).apply(steps)),
        );
        await agrees(tf.model({ inputs: steps, outputs: pooled }));
      });
    }
  }

  test("agrees if a padding comes before a pooling that must see its zeros", async () => {
    await agrees(
      tf.sequential({
        layers: [
          layers.zeroPadding2d({ padding: 1, inputShape: [4, 4, 2] }),
          layers.maxPooling2d({ poolSize: 2, strides: 1 }),
        ],
      }),
    );
  });

  test("pads pictures of an open size as tfjs does", async () => {
    const same = (size: number, strides: number): tf.layers.Layer =>
      layers.conv2d({ filters: 2, kernelSize: size, strides, padding: "same", inputShape: [null, null, 2] });
    await agrees(tf.sequential({ layers: [same(3, 2), layers.maxPooling2d({ poolSize: 2, padding: "same" })] }));
    await agrees(tf.sequential({ layers: [same(1, 2)] }));
    expect(refusal(tf.sequential({ layers: [same(2, 3)] })).message).toContain("give the model a fixed image size");
  });

  test("names inputs and outputs as requested", () => {
    const model = tf.sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
    const { graph } = convertLayersModel(model, { name: "g", inputNames: ["x"], outputNames: ["y"] });
    expect(graph.name).toBe("g");
    expect(graph.inputs).toEqual([{ name: "x", type: "float32", shape: ["batch", 2] }]);
    expect(graph.outputs).toEqual([{ name: "y", type: "float32", shape: ["batch", 1] }]);
  });

  test("names the layer and class that it cannot export", () => {
    const error = refusal(tf.sequential({ layers: [layers.upSampling2d({ inputShape: [2, 2, 1], name: "bigger" })] }));
    expect(error.code).toBe("layer-unsupported");
    expect(error.message).toContain('"bigger" is a UpSampling2D');
  });

  test("names the layer, class and option that it cannot export", () => {
    const stateful = layers.lstm({ units: 2, stateful: true, batchInputShape: [1, 3, 2], name: "memory" });
    const error = refusal(tf.sequential({ layers: [stateful] }));
    expect(error.code).toBe("layer-unsupported");
    expect(error.message).toContain('"/memory" (LSTM) has stateful true');
    const swish = layers.gru({ units: 2, activation: "swish" as "relu", inputShape: [3, 2], name: "odd" });
    expect(refusal(tf.sequential({ layers: [swish] })).message).toContain('"/odd" (GRU) has activation "swish"');
  });
});
