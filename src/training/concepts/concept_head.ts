import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { AdamW } from "../optimiser/adamw.ts";
import { tf } from "../tensorflow.ts";
import { yieldToEvents } from "../yield_to_events.ts";
import { type Classifier, classify } from "./classifier.ts";

/**
 * Computes how likely each noun is, from the mean of a photo's regions: sigmoid(mean x kernel + classes x weights +
 * bias), where the classes are those of {@linkcode ClassEvidence}.
 */
export interface ConceptHead {
  /** [features, nouns] */
  readonly kernel: Float32Array;
  /** [nouns] */
  readonly bias: Float32Array;
  /** Bundles that were made before heads had classes lack it. */
  readonly classes?: ClassEvidence;
}

/** A classifier of whole pictures, and what each of its classes says about each noun. */
export interface ClassEvidence extends Classifier {
  /** The weight of a class's probability in the logit of a noun, [classes, nouns]. */
  readonly weights: Float32Array;
}

/** Photos to fit a head on. */
export interface HeadExamples {
  /** Mean over the regions of each example, [examples, features]. */
  readonly means: Float32Array;
  readonly features: number;
  /** How likely each noun should be, 0 to 1, [examples, nouns]. */
  readonly wanted: Float32Array;
  /** How much each of these counts, 0 if nothing is known, [examples, nouns]. */
  readonly weights: Float32Array;
  readonly nouns: number;
  /** The head to start from and to stay near. Default: one that knows nothing. */
  readonly prior?: ConceptHead;
}

/** How {@linkcode fitConceptHead} fits. */
export interface HeadSettings {
  readonly epochs: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batch: number;
  /** Share of the features that are hidden in each example. */
  readonly dropout: number;
}

/** Chosen on both dev lists; see docs/training.md. */
const headDefaults: HeadSettings = { epochs: 4, learningRate: 1e-3, weightDecay: 2, batch: 256, dropout: 0.3 };

/**
 * Fits a head by weighted logistic regression (AdamW, with a rate that falls linearly). Weights decay towards the
 * prior's, so that a noun with few known photos keeps the prior's value.
 *
 * @param chosen Indices of the examples to learn from.
 */
export async function fitConceptHead(
  examples: HeadExamples,
  chosen: readonly number[],
  random: SeededRandom,
  settings: HeadSettings = headDefaults,
  signal?: AbortSignal,
): Promise<ConceptHead> {
  const { features, nouns, prior } = examples;
  const scale = spreads(examples, chosen);
  const start = Float32Array.from(
    { length: features * nouns },
    (_, i) => (prior?.kernel[i] ?? 0) / scale[Math.floor(i / nouns)]!,
  );
  // The learned difference from the prior.
  const kernel = new Float32Array(features * nouns);
  const bias = prior?.bias.slice() ?? new Float32Array(nouns).fill(-4);
  const slot = (name: string, shape: number[], value: Float32Array) => ({
    ...{ name, shape, value },
    ...{ first: new Float32Array(value.length), second: new Float32Array(value.length) },
  });
  const optimiser = new AdamW([slot("kernel", [features, nouns], kernel), slot("bias", [nouns], bias)], {
    weightDecay: settings.weightDecay,
  });
  const both = kernel.slice();
  const steps = settings.epochs * Math.ceil(chosen.length / settings.batch);
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const order = random.shuffle([...chosen]);
    for (let first = 0; first < order.length; first += settings.batch) {
      await yieldToEvents(signal);
      for (let i = 0; i < both.length; i++) both[i] = start[i]! + kernel[i]!;
      const batch = order.slice(first, first + settings.batch);
      const gradients = headGradients(examples, batch, { kernel: both, bias, scale }, settings, random);
      optimiser.apply(gradients, settings.learningRate * (1 - optimiser.step / steps));
    }
  }
  return { kernel: kernel.map((weight, i) => (start[i]! + weight) * scale[Math.floor(i / nouns)]!), bias };
}

/** One over the root mean square of each feature, so that all learn equally fast. */
function spreads({ means, features }: HeadExamples, chosen: readonly number[]): Float32Array {
  const squares = new Float64Array(features);
  for (const place of chosen) {
    for (let i = 0; i < features; i++) squares[i]! += means[place * features + i]! ** 2 / chosen.length;
  }
  return Float32Array.from(squares, (square) => 1 / (Math.sqrt(square) + 0.01));
}

function headGradients(
  { means, features, wanted, weights, nouns }: HeadExamples,
  places: readonly number[],
  head: ConceptHead & { readonly scale: Float32Array },
  { dropout }: HeadSettings,
  random: SeededRandom,
): Float32Array[] {
  const rows = places.length;
  const x = new Float32Array(rows * features);
  const y = new Float32Array(rows * nouns);
  const w = new Float32Array(rows * nouns);
  for (const [row, place] of places.entries()) {
    for (let i = 0; i < features; i++) {
      if (random.next() < dropout) continue;
      x[row * features + i] = (means[place * features + i]! * head.scale[i]!) / (1 - dropout);
    }
    y.set(wanted.subarray(place * nouns, (place + 1) * nouns), row * nouns);
    w.set(weights.subarray(place * nouns, (place + 1) * nouns), row * nouns);
  }
  let gradients: Float32Array[] = [];
  tf.tidy(() => {
    const input = tf.tensor2d(x, [rows, features]);
    const logits = tf.add(tf.matMul(input, tf.tensor2d(head.kernel, [features, nouns])), tf.tensor1d(head.bias));
    const error = tf.mul(tf.sub(tf.sigmoid(logits), tf.tensor2d(y, [rows, nouns])), tf.tensor2d(w, [rows, nouns]));
    const mean = tf.div(error, rows) as tf.Tensor2D;
    const ofKernel = tf.matMul(tf.transpose(input), mean);
    gradients = [ofKernel.dataSync() as Float32Array, tf.sum(mean, 0).dataSync() as Float32Array];
  });
  return gradients;
}

/** Probabilities of the nouns, [examples, nouns]. */
export function conceptProbabilities(head: ConceptHead, means: Float32Array, features: number): Float32Array {
  const nouns = head.bias.length;
  const rows = means.length / features;
  const probabilities = new Float32Array(rows * nouns);
  const atOnce = 1024;
  for (let start = 0; start < rows; start += atOnce) {
    const count = Math.min(atOnce, rows - start);
    tf.tidy(() => {
      const input = tf.tensor2d(means.subarray(start * features, (start + count) * features), [count, features]);
      probabilities.set(tf.sigmoid(conceptLogits(head, input)).dataSync() as Float32Array, start * nouns);
    });
  }
  return probabilities;
}

/** Logits of the nouns. @param means Mean over the regions of each photo, [rows, features]. @returns [rows, nouns] */
export function conceptLogits({ kernel, bias, classes }: ConceptHead, means: tf.Tensor2D): tf.Tensor {
  const nouns = bias.length;
  const ofFeatures = tf.matMul(means, tf.tensor2d(kernel, [kernel.length / nouns, nouns]));
  const sum = tf.add(ofFeatures, tf.tensor1d(bias));
  if (classes === undefined) return sum;
  const weights = tf.tensor2d(classes.weights, [classes.bias.length, nouns]);
  return tf.add(sum, tf.matMul(classify(classes, means), weights));
}
