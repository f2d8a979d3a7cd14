import { type AttentionWeights, advance, type DecoderState, logitsOf, mix, readPhotos } from "./attention_model.ts";
import { tf } from "./tensorflow.ts";

/** A batch as the loss reads it. */
export interface AttentionBatch {
  /** Feature grids, [photos, regions, features]. */
  readonly grid: tf.Tensor3D;
  /** Words fed, `<start>` first, [photos * captions, steps], padded at the end. */
  readonly inputs: Int32Array;
  /** Words wanted, `<end>` last, of the same shape. */
  readonly targets: Int32Array;
  readonly photos: number;
  readonly captions: number;
  readonly steps: number;
}

/** Scaled dropout masks of one batch; see {@linkcode dropoutMask}. */
export interface AttentionMasks {
  /** Of the values, [photos, regions, units]. */
  readonly values: tf.Tensor;
  /** Of the embedded words, [steps * photos * captions, embedding]. */
  readonly words: tf.Tensor;
  /** Of the mixed layer, [targets that are no padding, units]. */
  readonly mixed: tf.Tensor;
}

/** Positions (step-major: step * rows + row) whose target is a word or the end, and those targets. */
export function wantedPositions(batch: AttentionBatch): { positions: Int32Array; labels: Int32Array } {
  const rows = batch.photos * batch.captions;
  const positions: number[] = [];
  const labels: number[] = [];
  for (let step = 0; step < batch.steps; step++) {
    for (let row = 0; row < rows; row++) {
      const label = batch.targets[row * batch.steps + step]!;
      if (label === 0) continue;
      positions.push(step * rows + row);
      labels.push(label);
    }
  }
  return { positions: Int32Array.from(positions), labels: Int32Array.from(labels) };
}

/**
 * Mean smoothed cross-entropy a word, teacher-forced.
 *
 * @param smoothing Label smoothing, 0 to 1 (Szegedy et al., 2016).
 * @param masks Dropout masks; none measures without dropout.
 */
export function attentionLoss(
  weights: AttentionWeights,
  batch: AttentionBatch,
  smoothing: number,
  masks?: AttentionMasks,
): tf.Scalar {
  const rows = batch.photos * batch.captions;
  const units = weights.project_bias.shape[0]!;
  const memory = readPhotos(weights, batch.grid, masks?.values);
  let state: DecoderState = {
    hidden: tf.tile(memory.hidden, [1, batch.captions, 1]),
    cell: tf.tile(memory.cell, [1, batch.captions, 1]),
  };
  const stepMajor = new Int32Array(batch.inputs.length);
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < batch.steps; step++) {
      stepMajor[step * rows + row] = batch.inputs[row * batch.steps + step]!;
    }
  }
  const looked = tf.gather(weights.embedding as tf.Tensor2D, tf.tensor1d(stepMajor, "int32"));
  const words = masks === undefined ? looked : tf.mul(looked, masks.words);
  const allGates = tf.matMul(words as tf.Tensor2D, weights.word_kernel as tf.Tensor2D);
  const wordGates = tf.split(allGates, batch.steps, 0) as tf.Tensor2D[];
  const hidden: tf.Tensor[] = [];
  const contexts: tf.Tensor[] = [];
  for (const gates of wordGates) {
    const next = advance(weights, memory, state, gates);
    state = next.state;
    hidden.push(tf.reshape(state.hidden, [rows, units]));
    contexts.push(next.context);
  }
  const { positions, labels } = wantedPositions(batch);
  const wanted = tf.tensor1d(positions, "int32");
  const mixed = mix(
    weights,
    tf.gather(tf.concat(hidden, 0), wanted),
    tf.gather(tf.concat(contexts, 0), wanted),
    tf.gather(words, wanted),
  );
  const logits = logitsOf(weights, masks === undefined ? mixed : tf.mul(mixed, masks.mixed));
  return smoothedCrossEntropy(logits, labels, smoothing);
}

/**
 * Mean cross-entropy of rows of logits against labels smoothed over the whole vocabulary.
 *
 * Its gradient, (softmax - wanted) / rows, is written out: it spares the tape three arrays as large as the logits.
 */
export function smoothedCrossEntropy(logits: tf.Tensor2D, labels: Int32Array, smoothing: number): tf.Scalar {
  const [rows, classes] = logits.shape;
  const low = smoothing / classes;
  const loss = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const logProbability = tf.logSoftmax(x);
    // Cast and scaled: the WebAssembly backend writes whole numbers whatever values and type oneHot() is asked for.
    const marked = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32");
    const wanted = tf.add(tf.mul(marked, 1 - smoothing), low);
    save([logProbability, wanted]);
    return {
      value: tf.neg(tf.div(tf.sum(tf.mul(wanted, logProbability)), rows)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.div(dy, rows)),
    };
  });
  return loss(logits) as tf.Scalar;
}
