import { describe, expect, test } from "bun:test";
import { categoricalCrossEntropy } from "../../../src/training/article/categorical_cross_entropy.ts";
import { startTensorflow, tf } from "../../../src/training/tensorflow.ts";

const logits = [
  [0.5, -1, 2],
  [0, 3, 1],
];
const labels = Int32Array.of(2, 0);

/** The loss and its gradient in plain arithmetic. */
function byHand(): { loss: number; gradient: number[] } {
  let loss = 0;
  const gradient: number[] = [];
  for (const [row, scores] of logits.entries()) {
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    for (const [word, score] of scores.entries()) {
      const wanted = word === labels[row] ? 1 : 0;
      loss -= (wanted * (score - Math.log(sum))) / 2;
      gradient.push((Math.exp(score) / sum - wanted) / 2);
    }
  }
  return { loss, gradient };
}

describe("categoricalCrossEntropy()", () => {
  for (const backend of ["cpu", "wasm"] as const) {
    test(`is what arithmetic gives, on ${backend}`, async () => {
      await startTensorflow(backend);
      const { value, grad } = tf.valueAndGrad((x) => categoricalCrossEntropy(x as tf.Tensor2D, labels))(
        tf.tensor2d(logits),
      );
      const expected = byHand();
      expect(value.dataSync()[0]!).toBeCloseTo(expected.loss, 5);
      for (const [i, slope] of [...grad.dataSync()].entries()) expect(slope).toBeCloseTo(expected.gradient[i]!, 5);
    });
  }
});
