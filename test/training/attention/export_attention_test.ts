import { beforeAll, describe, expect, test } from "bun:test";
import * as ort from "onnxruntime-web";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { exportAttention } from "../../../src/training/attention/export_attention.ts";
import {
  type AttentionShape,
  type AttentionWeights,
  advance,
  attentionWeights,
  type ConceptShape,
  logitsOf,
  mix,
  readPhotos,
} from "../../../src/training/attention/model.ts";
import { conceptProbabilities } from "../../../src/training/concepts/concept_head.ts";
import { ConceptSlots } from "../../../src/training/concepts/concept_slots.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";

const plain = { regions: 6, features: 10, units: 8, embedding: 5, vocabulary: 12 };
const concepts = { nouns: 9, slots: 3, vector: 4 };
const images = 2;
const beams = 3;

describe("exportAttention()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  for (const [kind, shape, classes] of [
    ["regions alone", plain, 0],
    ["regions and concepts", { ...plain, concepts }, 0],
    ["regions and concepts with classes", { ...plain, concepts }, 5],
  ] as const) {
    test(`gives graphs that compute what tfjs computes, within 1e-4, of ${kind}`, () => agrees(shape, classes));
  }

  async function agrees(shape: AttentionShape, classes: number) {
    const random = new SeededRandom(7);
    const draw = (lengths: readonly number[]) =>
      Float32Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, () => random.normal());
    const arrays = new Map(attentionWeights(shape).map((spec) => [spec.name as string, draw(spec.shape)]));
    const weights = Object.fromEntries(
      attentionWeights(shape).map(({ name, shape }) => [name, tf.tensor(arrays.get(name)!, [...shape])]),
    ) as unknown as AttentionWeights;
    const grid = draw([images, shape.regions, shape.features]);
    const hidden = draw([images, beams, shape.units]);
    const cell = draw([images, beams, shape.units]);
    const tokens = Int32Array.from([1, 4, 11, 0, 7, 2]);

    const found = shape.concepts && {
      head: {
        kernel: draw([shape.features, shape.concepts.nouns]),
        bias: draw([shape.concepts.nouns]),
        ...(classes > 0 && {
          classes: {
            kernel: draw([shape.features, classes]),
            bias: draw([classes]),
            weights: draw([classes, shape.concepts.nouns]),
          },
        }),
      },
      vectors: draw([shape.concepts.nouns, shape.concepts.vector]),
    };
    const input = tf.tensor3d(grid, [images, shape.regions, shape.features]);
    const probabilities =
      found && conceptProbabilities(found.head, tf.mean(input, 1).dataSync() as Float32Array, shape.features);
    const memory = readPhotos(weights, {
      grid: input,
      ...(found && { concepts: slotsOf(shape.concepts!, found.vectors, probabilities!) }),
    });
    const words = tf.gather(weights.embedding as tf.Tensor2D, tf.tensor1d(tokens, "int32"));
    const state = {
      hidden: tf.tensor3d(hidden, [images, beams, shape.units]),
      cell: tf.tensor3d(cell, [images, beams, shape.units]),
    };
    const next = advance(weights, memory, state, tf.matMul(words, weights.word_kernel as tf.Tensor2D));
    const logits = logitsOf(
      weights,
      mix(weights, tf.reshape(next.state.hidden, [images * beams, -1]), next.context, words),
    );

    const graphs = exportAttention(shape, arrays, "fp32", found);
    const init = await ort.InferenceSession.create(graphs.init);
    const read = await init.run({ grid: new ort.Tensor("float32", grid, [images, shape.regions, shape.features]) });
    const step = await ort.InferenceSession.create(graphs.step);
    const stepped = await step.run({
      tokens: new ort.Tensor("int32", tokens, [images, beams]),
      keys: read["keys"]!,
      values: read["values"]!,
      hidden: new ort.Tensor("float32", hidden, [images, beams, shape.units]),
      cell: new ort.Tensor("float32", cell, [images, beams, shape.units]),
    });

    const pairs: [tf.Tensor, ort.Tensor][] = [
      [memory.keys, read["keys"]!],
      [memory.values, read["values"]!],
      [memory.hidden, read["hidden"]!],
      [memory.cell, read["cell"]!],
      [logits, stepped["logits"]!],
      [next.state.hidden, stepped["next_hidden"]!],
      [next.state.cell, stepped["next_cell"]!],
      [attentionOfRegions(next.attention, shape.regions), stepped["attention"]!],
      ...(probabilities === undefined
        ? []
        : [[tf.tensor1d(probabilities), read["concepts"]!] as [tf.Tensor, ort.Tensor]]),
    ];
    for (const [wanted, got] of pairs) {
      const expected = wanted.dataSync();
      const actual = got.data as Float32Array;
      expect(actual.length).toBe(expected.length);
      for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(1e-4);
    }
  }
});

/** The likeliest nouns of each photo, as the decoder reads them. */
function slotsOf(concepts: ConceptShape, vectors: Float32Array, probabilities: Float32Array): tf.Tensor3D {
  const slots = new ConceptSlots(concepts, vectors);
  const data = new Float32Array(images * slots.length);
  for (let image = 0; image < images; image++) {
    const own = probabilities.subarray(image * concepts.nouns, (image + 1) * concepts.nouns);
    slots.write(own, data, image * slots.length);
  }
  return tf.tensor3d(data, [images, concepts.slots, concepts.vector + 1]);
}

function attentionOfRegions(attention: tf.Tensor3D, regions: number): tf.Tensor {
  const part = tf.slice(attention, 0, [images, beams, regions]);
  return tf.div(part, tf.sum(part, 2, true));
}
