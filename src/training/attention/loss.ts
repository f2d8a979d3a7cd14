import { tf } from "../tensorflow.ts";
import {
  type AttentionWeights,
  advance,
  type DecoderState,
  logitsOf,
  mix,
  type PhotoInput,
  readPhotos,
} from "./model.ts";

/** A batch as the loss reads it. */
export interface AttentionBatch extends PhotoInput {
  /** Input words, `<start>` first, [photos * captions, steps], padded at the end. */
  readonly inputs: Int32Array;
  /** Target words, `<end>` last, of the same shape. */
  readonly targets: Int32Array;
  readonly photos: number;
  readonly captions: number;
  readonly steps: number;
  /**
   * For each caption, NaN if a person wrote it, otherwise the advantage of a caption that the model sampled. Without
   * it, people wrote all of them.
   */
  readonly advantages?: Float32Array;
}

/** How the two kinds of captions count. */
export interface LossSettings {
  /** Label smoothing of captions that people wrote, 0 to 1 (Szegedy et al., 2016). */
  readonly labelSmoothing: number;
  /** Weight of the cross-entropy of captions that people wrote. Default 1. */
  readonly crossEntropyWeight?: number;
  /** Temperature that the sampled captions were drawn at: their logits are divided by it. Default 1. */
  readonly temperature?: number;
}

/** Scaled dropout masks of one batch, and its regions; see {@linkcode dropoutMask} and {@linkcode BatchLayout}. */
export interface AttentionMasks {
  /** See {@linkcode readPhotos}. */
  readonly shown?: tf.Tensor1D | undefined;
  /** Of the values, [photos, 1 or places, units]. */
  readonly values: tf.Tensor;
  /** Of the embedded words, [computed places, embedding]. */
  readonly words: tf.Tensor;
  /** Of the mixed layer, [wanted places, units]. */
  readonly mixed: tf.Tensor;
}

/** Which captions are still running at each step, and where their words are stored. */
export interface BatchLayout {
  /**
   * For each step, how many captions of each photo continue, at least one: the loss computes only those, so it costs
   * least if the longest captions come first.
   */
  readonly running: readonly number[];
  /** Row (photo * captions + caption) of every computed place: step-major, then by photo. */
  readonly rows: Int32Array;
  /** Input word at every computed place. */
  readonly inputs: Int32Array;
  /** Computed places whose target is a word or the end. */
  readonly wanted: Int32Array;
  /** Targets of those places. */
  readonly labels: Int32Array;
}

/** Lays a batch out for {@linkcode attentionLoss}. */
export function batchLayout(batch: Omit<AttentionBatch, keyof PhotoInput>): BatchLayout {
  const { inputs, targets, photos, captions, steps } = batch;
  const running: number[] = [];
  const rows: number[] = [];
  const fed: number[] = [];
  const wanted: number[] = [];
  const labels: number[] = [];
  for (let step = 0; step < steps; step++) {
    let most = 1;
    for (let row = 0; row < photos * captions; row++) {
      if (targets[row * steps + step] !== 0) most = Math.max(most, (row % captions) + 1);
    }
    // A caption that stopped cannot continue: its state is gone.
    most = Math.min(most, running.at(-1) ?? captions);
    running.push(most);
    for (let photo = 0; photo < photos; photo++) {
      for (let caption = 0; caption < most; caption++) {
        const row = photo * captions + caption;
        const label = targets[row * steps + step]!;
        if (label !== 0) {
          wanted.push(rows.length);
          labels.push(label);
        }
        rows.push(row);
        fed.push(inputs[row * steps + step]!);
      }
    }
  }
  return {
    running,
    rows: Int32Array.from(rows),
    inputs: Int32Array.from(fed),
    wanted: Int32Array.from(wanted),
    labels: Int32Array.from(labels),
  };
}

/**
 * Loss of a batch, teacher-forced: the mean smoothed cross-entropy per word of captions that people wrote, and, for
 * those that the model sampled, the mean over words of advantage times negative log-probability, whose gradient is that
 * of the expected reward (Rennie et al., 2017).
 *
 * @param masks Dropout masks. Without them, the loss is measured without dropout.
 * @param layout The batch's own.
 */
export function attentionLoss(
  weights: AttentionWeights,
  batch: AttentionBatch,
  settings: LossSettings,
  masks?: AttentionMasks,
  layout: BatchLayout = batchLayout(batch),
): tf.Scalar {
  const units = weights.project_bias.shape[0]!;
  const memory = readPhotos(weights, batch, masks?.values, masks?.shown);
  const looked = tf.gather(weights.embedding as tf.Tensor2D, tf.tensor1d(layout.inputs, "int32"));
  const words = masks === undefined ? looked : tf.mul(looked, masks.words);
  const allGates = tf.matMul(words as tf.Tensor2D, weights.word_kernel as tf.Tensor2D);
  const wordGates = tf.split(
    allGates,
    layout.running.map((captions) => captions * batch.photos),
    0,
  ) as tf.Tensor2D[];
  let captions = layout.running[0]!;
  let state: DecoderState = {
    hidden: tf.tile(memory.hidden, [1, captions, 1]),
    cell: tf.tile(memory.cell, [1, captions, 1]),
  };
  const hidden: tf.Tensor[] = [];
  const contexts: tf.Tensor[] = [];
  for (const [step, gates] of wordGates.entries()) {
    const running = layout.running[step]!;
    if (running < captions) {
      captions = running;
      const size = [batch.photos, captions, units];
      state = { hidden: tf.slice(state.hidden, 0, size), cell: tf.slice(state.cell, 0, size) } as DecoderState;
    }
    const next = advance(weights, memory, state, gates);
    state = next.state;
    hidden.push(tf.reshape(state.hidden, [batch.photos * captions, units]));
    contexts.push(next.context);
  }
  const wanted = tf.tensor1d(layout.wanted, "int32");
  const mixed = mix(
    weights,
    tf.gather(tf.concat(hidden, 0), wanted),
    tf.gather(tf.concat(contexts, 0), wanted),
    tf.gather(words, wanted),
  );
  const kept = masks === undefined ? mixed : tf.mul(mixed, masks.mixed);
  return weightedCrossEntropy(logitsOf(weights, kept), layout.labels, wordWeights(batch, layout, settings));
}

/** How each row of logits counts in {@linkcode weightedCrossEntropy}. */
export interface RowWeights {
  /** Weight of each row; a negative one makes its label less likely. */
  readonly weights: Float32Array;
  /** Label smoothing of each row, 0 to 1. */
  readonly smoothing: Float32Array;
  /** The factor for the logits of each row. */
  readonly sharpness: Float32Array;
}

function wordWeights(
  { advantages }: AttentionBatch,
  { wanted, rows }: BatchLayout,
  { labelSmoothing, crossEntropyWeight = 1, temperature = 1 }: LossSettings,
): RowWeights {
  const advantage = Float32Array.from(wanted, (place) => advantages?.[rows[place]!] ?? Number.NaN);
  const written = advantage.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  const sampled = advantage.length - written;
  return {
    weights: advantage.map((value) => (Number.isNaN(value) ? crossEntropyWeight / written : value / sampled)),
    smoothing: advantage.map((value) => (Number.isNaN(value) ? labelSmoothing : 0)),
    sharpness: advantage.map((value) => (Number.isNaN(value) ? 1 : 1 / temperature)),
  };
}

/**
 * Weighted sum of the cross-entropies of rows of logits against labels smoothed over the entire vocabulary.
 *
 * Its gradient, weight times sharpness times (softmax - target), is written out: this saves the tape three arrays as
 * large as the logits.
 *
 * @param logits [rows, classes]
 * @param labels Target class of each row.
 */
export function weightedCrossEntropy(logits: tf.Tensor2D, labels: Int32Array, rowWeights: RowWeights): tf.Scalar {
  const [rows, classes] = logits.shape;
  const loss = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const sharpness = tf.tensor2d(rowWeights.sharpness, [rows, 1]);
    const logProbability = tf.logSoftmax(tf.mul(x, sharpness));
    const smooth = tf.tensor2d(rowWeights.smoothing, [rows, 1]);
    // Cast: on the WebAssembly backend, oneHot() returns integers whatever type is requested.
    const hot = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32");
    const wanted = tf.add(tf.mul(hot, tf.sub(1, smooth)), tf.div(smooth, classes));
    const weight = tf.tensor2d(rowWeights.weights, [rows, 1]);
    save([logProbability, wanted, tf.mul(weight, sharpness)]);
    return {
      value: tf.neg(tf.sum(tf.mul(tf.sum(tf.mul(wanted, logProbability), 1, true), weight))),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.mul(saved[2]!, dy)),
    };
  });
  return loss(logits) as tf.Scalar;
}
