import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { tf } from "../tensorflow.ts";

/**
 * A dropout mask: 0 with probability `rate`, else 1 / (1 - rate) (Srivastava et al., 2014).
 *
 * Drawn from the run's own random numbers, so that a resumed run draws what the uninterrupted one would have.
 */
export function dropoutMask(shape: number[], rate: number, random: SeededRandom): tf.Tensor {
  const mask = new Float32Array(shape.reduce((product, length) => product * length, 1));
  const threshold = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  for (let i = 0; i < mask.length; i++) mask[i] = random.nextUint32() < threshold ? 0 : kept;
  return tf.tensor(mask, shape);
}
