import { beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../src/dataset/seeded_random.ts";
import {
  type AttentionBatch,
  attentionLoss,
  batchLayout,
  weightedCrossEntropy,
} from "../../../src/training/attention/loss.ts";
import { type AttentionShape, type AttentionWeights, attentionWeights } from "../../../src/training/attention/model.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";

const shape: AttentionShape = { regions: 4, features: 4, units: 5, embedding: 3, vocabulary: 7 };

function draw(random: SeededRandom, lengths: readonly number[]): Float32Array {
  return Float32Array.from({ length: lengths.reduce((a, b) => a * b, 1) }, () => random.normal() / 2);
}

describe("attentionLoss()", () => {
  beforeAll(async () => {
    await startTensorflow("cpu");
  });

  const sampled = [Number.NaN, 0.7, -1.2, Number.NaN];
  const kinds: Readonly<Record<string, { advantages?: number[]; shape?: AttentionShape; shown?: number[] }>> = {
    "captions that people wrote": {},
    "captions sampled beside them": { advantages: sampled },
    "regions in the place of others": { shown: [0, 0, 2, 1, 4, 6, 6, 6] },
    "the encoder's last stage too": {
      advantages: sampled,
      shape: { ...shape, stem: 3 },
      shown: [0, 0, 2, 1, 4, 6, 6, 6],
    },
  };
  for (const [kind, { advantages, shape: learning = shape, shown }] of Object.entries(kinds)) {
    test(`has gradients that agree with finite differences, for ${kind}`, () => {
      const random = new SeededRandom(3);
      const specs = attentionWeights(learning);
      const variables = specs.map((spec) => tf.variable(tf.tensor(draw(random, spec.shape), [...spec.shape])));
      const weights = Object.fromEntries(
        specs.map(({ name }, i) => [name, variables[i]!]),
      ) as unknown as AttentionWeights;
      const batch: AttentionBatch = {
        grid: tf.tensor3d(draw(random, [2, 4, learning.stem ?? 4]), [2, 4, learning.stem ?? 4]),
        inputs: Int32Array.from([1, 4, 5, 1, 6, 0, 1, 5, 5, 1, 4, 4]),
        targets: Int32Array.from([4, 5, 2, 6, 2, 0, 5, 5, 6, 4, 4, 2]),
        photos: 2,
        captions: 2,
        steps: 3,
        ...(advantages && { advantages: Float32Array.from(advantages) }),
      };
      const { rows, wanted } = batchLayout(batch);
      const masks = {
        shown: shown && tf.tensor1d(shown, "int32"),
        values: tf.tensor3d(draw(random, [2, 1, 5]), [2, 1, 5]),
        words: tf.tensor2d(draw(random, [rows.length, 3]), [rows.length, 3]),
        mixed: tf.tensor2d(draw(random, [wanted.length, 5]), [wanted.length, 5]),
      };
      const loss = () =>
        attentionLoss(weights, batch, { labelSmoothing: 0.1, crossEntropyWeight: 0.3, temperature: 0.5 }, masks);
      const { grads } = tf.variableGrads(loss, variables);
      for (const [i, variable] of variables.entries()) {
        const gradient = grads[variable.name]!.dataSync();
        const values = variable.dataSync().slice();
        for (let trial = 0; trial < 4; trial++) {
          const at = Math.floor(random.next() * values.length);
          const moved = (by: number) => {
            const shifted = values.slice();
            shifted[at]! += by;
            variable.assign(tf.tensor(shifted, [...specs[i]!.shape]));
            return loss().dataSync()[0]!;
          };
          const slope = (moved(0.01) - moved(-0.01)) / 0.02;
          variable.assign(tf.tensor(values, [...specs[i]!.shape]));
          expect(Math.abs(gradient[at]! - slope)).toBeLessThan(2e-3);
        }
      }
    });
  }

  test("leaves padded targets out", () => {
    const random = new SeededRandom(5);
    const specs = attentionWeights(shape);
    const weights = Object.fromEntries(
      specs.map((spec) => [spec.name, tf.tensor(draw(random, spec.shape), [...spec.shape])]),
    ) as unknown as AttentionWeights;
    const grid = tf.tensor3d(draw(random, [1, 4, 4]), [1, 4, 4]);
    const one = { grid, inputs: Int32Array.of(1, 4), targets: Int32Array.of(4, 2), photos: 1, captions: 1, steps: 2 };
    const padded = {
      grid,
      inputs: Int32Array.of(1, 4, 0, 0, 0, 0),
      targets: Int32Array.of(4, 2, 0, 0, 0, 0),
      photos: 1,
      captions: 2,
      steps: 3,
    };
    expect(attentionLoss(weights, padded, { labelSmoothing: 0.1 }).dataSync()[0]).toBeCloseTo(
      attentionLoss(weights, one, { labelSmoothing: 0.1 }).dataSync()[0]!,
      5,
    );
  });
});

describe("batchLayout()", () => {
  test("computes only captions that continue, and every target word once", () => {
    const layout = batchLayout({
      inputs: Int32Array.from([1, 4, 5, 1, 6, 0, 1, 7, 0, 1, 0, 0]),
      targets: Int32Array.from([4, 5, 2, 6, 2, 0, 7, 2, 0, 2, 0, 0]),
      photos: 2,
      captions: 2,
      steps: 3,
    });
    expect(layout.running).toEqual([2, 2, 1]);
    expect([...layout.rows]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 2]);
    expect([...layout.labels]).toEqual([4, 6, 7, 2, 5, 2, 2, 2]);
    expect([...layout.wanted]).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
  });
});

describe("weightedCrossEntropy()", () => {
  test("is the logarithm of the vocabulary for equal logits, however smooth", () => {
    for (const smoothing of [0, 0.1, 0.5]) {
      const third = new Float32Array(3).fill(1 / 3);
      const smooth = new Float32Array(3).fill(smoothing);
      const rows = { weights: third, smoothing: smooth, sharpness: Float32Array.of(1, 2, 3) };
      const loss = weightedCrossEntropy(tf.zeros([3, 8]), Int32Array.of(1, 2, 3), rows);
      expect(loss.dataSync()[0]).toBeCloseTo(Math.log(8), 5);
    }
  });
});
