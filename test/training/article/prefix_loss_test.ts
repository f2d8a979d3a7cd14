import { beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import {
  type ArticleShape,
  articleWeights,
  embeddingMatrix,
  firstValues,
  mergedModel,
} from "../../../src/training/article/merged_model.ts";
import { type ArticleTensors, prefixLoss } from "../../../src/training/article/prefix_loss.ts";
import { pairsOf } from "../../../src/training/article/prefix_pairs.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";
import { prePadded } from "./pre_padded.ts";

const shape: ArticleShape = { features: 6, longest: 5, embedding: 3, vocabulary: 9, mixed: 7 };
const photos = [
  { image: "a", sequences: [Int32Array.of(1, 4, 5, 6, 2), Int32Array.of(1, 7, 2)] },
  { image: "b", sequences: [Int32Array.of(1, 8, 8, 2)] },
];
const { pairs } = pairsOf(photos);

function weights(): { arrays: Map<string, Float32Array>; embedding: Float32Array } {
  const random = new SeededRandom(5);
  const arrays = new Map(articleWeights(shape).map((weight) => [weight.name, firstValues(weight, random)]));
  const vectors = new Map(
    ["start", "end", "w3", "w4", "w5", "w6", "w7", "w8"].map((word) => [
      word,
      Float32Array.from({ length: 3 }, () => random.normal()),
    ]),
  );
  const words = ["<pad>", "<start>", "<end>", "w3", "w4", "w5", "w6", "w7", "w8"];
  return { arrays, embedding: embeddingMatrix(words, vectors, 3) };
}

function features(): tf.Tensor2D {
  const random = new SeededRandom(6);
  return tf.tensor2d(
    Float32Array.from({ length: 12 }, () => random.next()),
    [2, 6],
  );
}

/** The loss as Keras computes it: every prefix pre-padded, through the layers model, and categorical cross-entropy. */
function asPrinted(model: tf.LayersModel): tf.Scalar {
  const image = tf.gather(
    features(),
    tf.tensor1d(
      pairs.map(({ photo }) => photo),
      "int32",
    ),
  );
  const words = tf.tensor2d(
    pairs.map(({ prefix }) => [...prePadded(prefix, shape.longest)]),
    [pairs.length, shape.longest],
    "int32",
  );
  const wanted = tf.oneHot(
    tf.tensor1d(
      pairs.map(({ next }) => next),
      "int32",
    ),
    shape.vocabulary,
  );
  const probabilities = model.apply([image, words]) as tf.Tensor;
  return tf.mean(tf.metrics.categoricalCrossentropy(wanted, probabilities)) as tf.Scalar;
}

describe("prefixLoss()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("is the loss of the merged model over pre-padded prefixes, and so are its gradients", () => {
    const { arrays, embedding } = weights();
    const model = mergedModel(shape, arrays, embedding);
    const specs = articleWeights(shape);
    const variables = specs.map(({ name, shape: lengths }) =>
      tf.variable(tf.tensor(arrays.get(name)!, [...lengths]), true, `ours/${name}`),
    );
    const tensors: ArticleTensors = {
      ...Object.fromEntries(specs.map(({ name }, i) => [name, variables[i]!])),
      embedding: tf.tensor2d(embedding, [shape.vocabulary, shape.embedding]),
    };
    const ours = tf.variableGrads(() => prefixLoss(tensors, shape, features(), pairs), variables);
    const theirs = tf.variableGrads(() => asPrinted(model));
    expect(Math.abs(ours.value.dataSync()[0]! - theirs.value.dataSync()[0]!)).toBeLessThan(1e-5);
    for (const [i, { name }] of specs.entries()) {
      const layer = name.slice(0, name.lastIndexOf("/"));
      const part = name.slice(name.lastIndexOf("/") + 1);
      const weight = model.getLayer(layer).weights.find(({ originalName }) => originalName.endsWith(`/${part}`))!;
      const gradient = ours.grads[variables[i]!.name]!.dataSync();
      const expected = theirs.grads[weight.name]!.dataSync();
      expect(gradient.length).toBe(expected.length);
      for (const [j, value] of gradient.entries()) expect(Math.abs(value - expected[j]!)).toBeLessThan(1e-5);
    }
    // The embedding is frozen: training the model leaves it alone.
    expect(model.getLayer("embedding").trainableWeights).toEqual([]);
    tf.dispose(variables);
    model.dispose();
  });
});
