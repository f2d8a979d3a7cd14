import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { AdamW } from "../optimiser/adamw.ts";
import { tf } from "../tensorflow.ts";
import { yieldToEvents } from "../yield_to_events.ts";
import type { ConceptHead } from "./concept_head.ts";

/** Logits beyond this are practically certain: they would outweigh all others. */
const [lowest, highest] = [-9, 5] as const;
const epochs = 12;
/** Logit of a noun that the other classifier does not know. */
const unlikely = -4;
const batch = 512;
const learningRate = 3e-3;

/** Photos, with the output of another classifier. */
export interface LogitExamples {
  /** Mean over the regions of each example, [examples, features]. */
  readonly means: Float32Array;
  readonly features: number;
  /** Probability of every noun by the other classifier, [examples, nouns]. */
  readonly probabilities: Float32Array;
  readonly nouns: number;
  /** Whether the other classifier knows a noun at all. */
  readonly known: (noun: number) => boolean;
}

/**
 * A head that imitates another classifier, by least squares of the logits. The other classifier's logits also say how
 * unlikely a noun is, so the head even learns nouns that no photo shows. Unknown nouns stay unlikely.
 */
export async function regressLogits(
  { means, features, probabilities, nouns, known }: LogitExamples,
  random: SeededRandom,
  signal?: AbortSignal,
): Promise<ConceptHead> {
  const rows = means.length / features;
  const kernel = new Float32Array(features * nouns);
  // It starts from the means, so only the differences between photos are left to learn.
  const bias = meanLogits(probabilities, nouns).map((mean, noun) => (known(noun) ? mean : unlikely));
  const slot = (name: string, shape: number[], value: Float32Array) => ({
    ...{ name, shape, value },
    ...{ first: new Float32Array(value.length), second: new Float32Array(value.length) },
  });
  const optimiser = new AdamW([slot("kernel", [features, nouns], kernel), slot("bias", [nouns], bias)], {
    weightDecay: 0.01,
  });
  const mask = tf.tensor1d(Float32Array.from({ length: nouns }, (_, noun) => Number(known(noun))));
  const all = Array.from({ length: rows }, (_, row) => row);
  const steps = epochs * Math.ceil(rows / batch);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.shuffle(all);
    for (let first = 0; first < rows; first += batch) {
      await yieldToEvents(signal);
      const chosen = order.slice(first, first + batch);
      const x = new Float32Array(chosen.length * features);
      const y = new Float32Array(chosen.length * nouns);
      for (const [place, row] of chosen.entries()) {
        x.set(means.subarray(row * features, (row + 1) * features), place * features);
        for (let noun = 0; noun < nouns; noun++) y[place * nouns + noun] = logit(probabilities[row * nouns + noun]!);
      }
      let gradients: Float32Array[] = [];
      tf.tidy(() => {
        const input = tf.tensor2d(x, [chosen.length, features]);
        const found = tf.add(tf.matMul(input, tf.tensor2d(kernel, [features, nouns])), tf.tensor1d(bias));
        const error = tf.div(tf.mul(tf.sub(found, tf.tensor2d(y, [chosen.length, nouns])), mask), chosen.length);
        const ofKernel = tf.matMul(tf.transpose(input), error as tf.Tensor2D);
        gradients = [ofKernel.dataSync() as Float32Array, tf.sum(error, 0).dataSync() as Float32Array];
      });
      optimiser.apply(gradients, learningRate * (1 - optimiser.step / steps));
    }
  }
  mask.dispose();
  return { kernel, bias };
}

function meanLogits(probabilities: Float32Array, nouns: number): Float32Array {
  const means = new Float32Array(nouns);
  for (const [i, probability] of probabilities.entries()) {
    means[i % nouns]! += (logit(probability) * nouns) / probabilities.length;
  }
  return means;
}

function logit(probability: number): number {
  const bounded = Math.min(1 - 1e-6, Math.max(1e-6, probability));
  return Math.min(highest, Math.max(lowest, Math.log(bounded / (1 - bounded))));
}
