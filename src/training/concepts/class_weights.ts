import type { Noun } from "../../concepts/noun_table.ts";
import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { AdamW } from "../optimiser/adamw.ts";
import { tf } from "../tensorflow.ts";
import { yieldToEvents } from "../yield_to_events.ts";
import { type Classifier, classify } from "./classifier.ts";
import { type ConceptHead, conceptLogits, type HeadExamples } from "./concept_head.ts";

/** ImageNet's classes below this are animals, in Keras' order. */
const animals = 398;
/** Added by a class to the logit of a noun that it shows, if ImageNet's network is certain of the class. */
const shows = 9;
/** Added by an animal to the logit of another one: two kinds rarely share a photo. */
const otherAnimal = -6;
/** Added by a class to the logit of a noun that other classes show. */
const other = -1;

/**
 * The weight of each class of ImageNet for each noun before training, [classes, nouns]. A noun without classes gets 0
 * from all of them.
 *
 * @param chosen Numbers of the classes, as {@linkcode chooseClasses} gives them.
 */
export function firstClassWeights(nouns: readonly Pick<Noun, "classes">[], chosen: readonly number[]): Float32Array {
  const weights = new Float32Array(chosen.length * nouns.length);
  for (const [noun, { classes }] of nouns.entries()) {
    if (classes.length === 0) continue;
    const shown = new Set(classes);
    const isAnimal = classes.every((number) => number < animals);
    for (const [row, number] of chosen.entries()) {
      const apart = isAnimal && number < animals ? otherAnimal : other;
      weights[row * nouns.length + noun] = shown.has(number) ? shows : apart;
    }
  }
  return weights;
}

/** How {@linkcode fitClassWeights} fits. */
export interface ClassSettings {
  readonly epochs: number;
  readonly learningRate: number;
  /** Decay towards the first weights. */
  readonly weightDecay: number;
  readonly batch: number;
}

/** Chosen on both dev lists; see docs/wider_world.md. */
const classDefaults: ClassSettings = { epochs: 2, learningRate: 1e-2, weightDecay: 0.5, batch: 256 };

/**
 * Gradients far below this change nothing. Adam enlarges small ones, so that traces of a class in photos of other
 * things would count as much as the class itself.
 */
const epsilon = 1e-5;

/** The weights that {@linkcode fitClassWeights} adds to a head. */
export interface FirstClasses {
  readonly classifier: Classifier;
  /** The weights to start from and to stay near, as {@linkcode firstClassWeights} gives them. */
  readonly weights: Float32Array;
}

/**
 * Adds a classifier to a head that is fitted already. Neither changes: only what each class says about each noun is
 * learned. So the head keeps what it learned from captions, and a class that no photo shows keeps its first weights.
 *
 * @param chosen Indices of the examples to learn from.
 * @throws {EdgecapError} `aborted`
 */
export async function fitClassWeights(
  head: ConceptHead,
  { classifier, weights }: FirstClasses,
  examples: HeadExamples,
  chosen: readonly number[],
  random: SeededRandom,
  settings: ClassSettings = classDefaults,
  signal?: AbortSignal,
): Promise<ConceptHead> {
  const { nouns } = examples;
  const classes = classifier.bias.length;
  // The learned difference from the first weights.
  const learned = new Float32Array(weights.length);
  const [first, second] = [new Float32Array(weights.length), new Float32Array(weights.length)];
  const slot = { name: "classes", shape: [classes, nouns], value: learned, first, second };
  const optimiser = new AdamW([slot], { epsilon, weightDecay: settings.weightDecay });
  const withLearned = () => ({
    ...head,
    classes: { ...classifier, weights: weights.map((weight, i) => weight + learned[i]!) },
  });
  const steps = settings.epochs * Math.ceil(chosen.length / settings.batch);
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const order = random.shuffle([...chosen]);
    for (let start = 0; start < order.length; start += settings.batch) {
      await yieldToEvents(signal);
      const gradient = classGradient(examples, order.slice(start, start + settings.batch), withLearned());
      optimiser.apply([gradient], settings.learningRate * (1 - optimiser.step / steps));
    }
  }
  return withLearned();
}

function classGradient(
  { means, features, wanted, weights, nouns }: HeadExamples,
  places: readonly number[],
  head: ConceptHead,
): Float32Array {
  const rows = places.length;
  const rowsOf = (all: Float32Array, length: number): tf.Tensor2D => {
    const part = new Float32Array(rows * length);
    for (const [row, place] of places.entries())
      part.set(all.subarray(place * length, (place + 1) * length), row * length);
    return tf.tensor2d(part, [rows, length]);
  };
  let gradient = new Float32Array();
  tf.tidy(() => {
    const input = rowsOf(means, features);
    const found = tf.sigmoid(conceptLogits(head, input));
    const error = tf.mul(tf.sub(found, rowsOf(wanted, nouns)), rowsOf(weights, nouns));
    const ofClasses = tf.transpose(classify(head.classes!, input));
    gradient = tf.matMul(ofClasses, tf.div(error, rows) as tf.Tensor2D).dataSync() as Float32Array<ArrayBuffer>;
  });
  return gradient;
}
