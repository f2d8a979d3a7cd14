import { tf } from "../tensorflow.ts";
import { categoricalCrossEntropy } from "./categorical_cross_entropy.ts";
import { type ArticleShape, branchDepth, branchUnits, cutNames } from "./merged_model.ts";
import { type PrefixLayout, prefixLayout, rowsOf } from "./prefix_layout.ts";
import type { PrefixPair } from "./prefix_pairs.ts";

/** Trained weights by name, and the frozen `embedding` [vocabulary, embedding]. */
export type ArticleTensors = Readonly<Record<string, tf.Tensor>>;

/** Scaled dropout masks; see dropoutMask(). */
export interface ArticleMasks {
  /**
   * Mask of the photo's features, drawn for every caption, [captions, features]. Keras draws it for every pair, which
   * is 37 million random numbers per step; here the pairs of one caption share it.
   */
  readonly image: tf.Tensor;
  /** Mask of the words' vectors, drawn for every word of every prefix: [words of the layout, embedding]. */
  readonly words: tf.Tensor;
}

/** State of one LSTM for some rows, [rows, units] each. */
interface CellState {
  readonly hidden: tf.Tensor2D;
  readonly cell: tf.Tensor2D;
}

/**
 * Output of the text branch for prefixes, in the order of the layout: [rows, units].
 *
 * The numbers equal the merged model's, but come faster. The article's embedding has no mask, so a pre-padded prefix of
 * n words begins with longest - n steps over the zero vector, on which dropout does nothing: those steps are the same
 * for every prefix. They run once for all rows, and a row enters at its first word with the state after them.
 */
export function textVectors(
  weights: ArticleTensors,
  shape: ArticleShape,
  layout: PrefixLayout,
  wordMask?: tf.Tensor,
): tf.Tensor2D {
  const embedded = tf.gather(weights["embedding"] as tf.Tensor2D, tf.tensor1d(layout.ids, "int32"));
  let inputs = (wordMask === undefined ? embedded : tf.mul(embedded, wordMask)) as tf.Tensor2D;
  const zeroSteps = layout.firstStep + layout.counts.length - 1;
  let zeroInputs: tf.Tensor2D = tf.zeros([Math.max(1, zeroSteps), shape.embedding]);
  let last: CellState | undefined;
  for (let layer = 1; layer <= branchDepth; layer++) {
    const afterZeros = zeroStates(weights, layer, branchUnits(shape), zeroInputs, zeroSteps);
    const outputs = layerOutputs(weights, layer, layout, inputs, afterZeros);
    last = outputs.at(-1)!;
    if (layer === branchDepth) break;
    inputs = tf.concat(
      outputs.map(({ hidden }) => hidden),
      0,
    );
    if (zeroSteps > 0) {
      zeroInputs = tf.concat(
        afterZeros.slice(1).map(({ hidden }) => hidden),
        0,
      );
    }
  }
  return last!.hidden;
}

/** States of one layer after 0, 1, ... zero steps, one row each. */
function zeroStates(
  weights: ArticleTensors,
  layer: number,
  units: number,
  inputs: tf.Tensor2D,
  steps: number,
): CellState[] {
  const states: CellState[] = [{ hidden: tf.zeros([1, units]), cell: tf.zeros([1, units]) }];
  if (steps === 0) return states;
  for (const gates of tf.split(inputGates(weights, layer, inputs), steps, 0)) {
    states.push(cellStep(weights, layer, states.at(-1)!, gates as tf.Tensor2D));
  }
  return states;
}

/** States of one layer after each step, for the rows in use there. */
function layerOutputs(
  weights: ArticleTensors,
  layer: number,
  { counts, firstStep }: PrefixLayout,
  inputs: tf.Tensor2D,
  afterZeros: readonly CellState[],
): CellState[] {
  const outputs: CellState[] = [];
  const gates = tf.split(inputGates(weights, layer, inputs), [...counts], 0) as tf.Tensor2D[];
  for (const [step, rows] of counts.entries()) {
    const before = outputs.at(-1);
    const entering = rows - (counts[step - 1] ?? 0);
    const state = entered(before, afterZeros[firstStep + step]!, entering);
    outputs.push(cellStep(weights, layer, state, gates[step]!));
  }
  return outputs;
}

/** The states of the rows in use, followed by those that enter. */
function entered(before: CellState | undefined, first: CellState, entering: number): CellState {
  if (entering === 0 && before !== undefined) return before;
  const add = (old: tf.Tensor2D | undefined, row: tf.Tensor2D): tf.Tensor2D => {
    const rows = tf.tile(row, [entering, 1]);
    return old === undefined ? rows : tf.concat([old, rows], 0);
  };
  return { hidden: add(before?.hidden, first.hidden), cell: add(before?.cell, first.cell) };
}

function inputGates(weights: ArticleTensors, layer: number, inputs: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(inputs, weights[`lstm_${layer}/kernel`] as tf.Tensor2D), weights[`lstm_${layer}/bias`]!);
}

/** One step of Keras's LSTM with relu instead of tanh. */
function cellStep(weights: ArticleTensors, layer: number, state: CellState, fromInput: tf.Tensor2D): CellState {
  const recurrent = weights[`lstm_${layer}/recurrent_kernel`] as tf.Tensor2D;
  const gates = tf.add(fromInput, tf.matMul(state.hidden, recurrent));
  const [input, forget, candidate, output] = tf.split(gates, 4, 1);
  const kept = tf.mul(tf.sigmoid(forget!), state.cell);
  const cell = tf.add(kept, tf.mul(tf.sigmoid(input!), tf.relu(candidate!))) as tf.Tensor2D;
  return { hidden: tf.mul(tf.sigmoid(output!), tf.relu(cell)), cell };
}

/** The image branch: four dense layers, [rows, features] -> [rows, units]. */
export function imageVectors(weights: ArticleTensors, features: tf.Tensor2D): tf.Tensor2D {
  let image = features;
  for (let layer = 1; layer <= branchDepth; layer++) image = tf.relu(dense(weights, `image_dense_${layer}`, image));
  return image;
}

/** The merge and everything after it up to the softmax: [rows, vocabulary]. */
export function mergedLogits(weights: ArticleTensors, image: tf.Tensor2D, text: tf.Tensor2D): tf.Tensor2D {
  const first = tf.relu(dense(weights, "mixed_1", tf.add(image, text)));
  const second = tf.relu(dense(weights, "mixed_2", first));
  return dense(weights, cutNames.logits, second);
}

function dense(weights: ArticleTensors, layer: string, inputs: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(inputs, weights[`${layer}/kernel`] as tf.Tensor2D), weights[`${layer}/bias`]!);
}

/**
 * Mean categorical cross-entropy of the pairs' next words.
 *
 * @param features Flattened features of the batch's photos, [photos, features].
 * @param masksOf Draws the masks for a layout. Without it, the loss is measured without dropout.
 */
export function prefixLoss(
  weights: ArticleTensors,
  shape: ArticleShape,
  features: tf.Tensor2D,
  pairs: readonly PrefixPair[],
  masksOf?: (layout: PrefixLayout) => ArticleMasks,
): tf.Scalar {
  const layout = prefixLayout(
    pairs.map(({ prefix }) => prefix),
    shape.longest,
  );
  const { captions, labels } = rowsOf(layout, pairs);
  const photoOf = new Int32Array(captionCount(pairs));
  for (const { caption, photo } of pairs) photoOf[caption] = photo;
  const masks = masksOf?.(layout);
  const seen = tf.gather(features, tf.tensor1d(photoOf, "int32"));
  const ofCaption = imageVectors(weights, masks === undefined ? seen : tf.mul(seen, masks.image));
  const image = tf.gather(ofCaption, tf.tensor1d(captions, "int32"));
  const text = textVectors(weights, shape, layout, masks?.words);
  return categoricalCrossEntropy(mergedLogits(weights, image, text), labels);
}

/** Number of captions that some pairs come from. */
export function captionCount(pairs: readonly PrefixPair[]): number {
  return pairs.reduce((count, { caption }) => Math.max(count, caption + 1), 0);
}
