import { beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import { attentionLoss } from "../../../src/training/attention/loss.ts";
import { type AttentionWeights, attentionWeights } from "../../../src/training/attention/model.ts";
import { sampleCaptions } from "../../../src/training/attention/sample_captions.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";

const shape = { regions: 3, features: 4, units: 5, embedding: 3, vocabulary: 7 };

describe("sampleCaptions()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  test("draws words as often as the loss finds them likely, under the same dropout", () => {
    const random = new SeededRandom(4);
    const drawn = (lengths: number[]) =>
      tf.tensor(
        Float32Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, () => random.normal()),
        lengths,
      );
    const weights = Object.fromEntries(
      attentionWeights(shape).map((spec) => [spec.name, drawn([...spec.shape])]),
    ) as unknown as AttentionWeights;
    const grid = drawn([1, 3, 4]) as tf.Tensor3D;
    const values = tf.tensor3d([2, 0, 2, 2, 0], [1, 1, 5]);
    const word = tf.tensor2d([0, 1.5, 1.5], [1, 3]);
    const mixed = tf.tensor2d([2, 2, 0, 2, 0], [1, 5]);
    const captions = 4000;
    const masks = {
      shown: undefined,
      values,
      words: tf.tile(word, [captions, 1]),
      mixed: tf.tile(mixed, [captions, 1]),
    };
    const samples = sampleCaptions(weights, { grid }, { captions, maxWords: 1, temperature: 1 }, masks, random);
    const likely = [2, 3, 4, 5, 6].map((label) => {
      const batch = {
        ...{ grid, photos: 1, captions: 1, steps: 1 },
        ...{ inputs: Int32Array.of(1), targets: Int32Array.of(label) },
      };
      const loss = attentionLoss(weights, batch, { labelSmoothing: 0 }, { values, words: word, mixed });
      return Math.exp(-loss.dataSync()[0]!);
    });
    const all = likely.reduce((sum, probability) => sum + probability, 0);
    for (const [i, probability] of likely.entries()) {
      const times = samples.filter(({ words }) => (words[0] ?? 2) === i + 2).length;
      expect(Math.abs(times / captions - probability / all)).toBeLessThan(0.03);
    }
    expect(samples.every(({ words, ends }) => words.length <= 1 && (ends || words.length === 1))).toBe(true);
  });
});
