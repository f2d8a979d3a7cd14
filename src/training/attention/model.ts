import {
  type LastStageWeightName,
  type LastStageWeights,
  lastStageShapes,
  runLastStage,
} from "../encoder/last_stage.ts";
import { tf } from "../tensorflow.ts";

/** Sizes of the attention decoder. */
export interface AttentionShape {
  /** Regions of the encoder's grid (49 for 7x7). */
  readonly regions: number;
  /** Features of a region (2048 for ResNet50). */
  readonly features: number;
  /** If the encoder's last stage learns too: features per region that enter it (1024 for ResNet50). */
  readonly stem?: number;
  /** Units of the LSTM, of keys and of values. */
  readonly units: number;
  /** Length of a word's embedding. */
  readonly embedding: number;
  /** Entries of the vocabulary, the four special ones included. */
  readonly vocabulary: number;
  /** If the decoder looks at concepts besides the regions. */
  readonly concepts?: ConceptShape;
}

/** Sizes of the concepts that a decoder looks at. */
export interface ConceptShape {
  /** Number of nouns that are looked for in the encoder's features. */
  readonly nouns: number;
  /** Number of a photo's likeliest nouns that become places to look at. */
  readonly slots: number;
  /** Length of a noun's fixed word vector. */
  readonly vector: number;
}

/** Name, shape and initial values of every weight, in the order in which checkpoints store them. */
export function attentionWeights(shape: AttentionShape): WeightSpec[] {
  const { features, stem, units, embedding, vocabulary, concepts } = shape;
  return [
    { name: "project_kernel", shape: [features, units], fanIn: features },
    { name: "project_bias", shape: [units] },
    { name: "key_kernel", shape: [units, units], fanIn: units },
    { name: "start_kernel", shape: [units, 2 * units], fanIn: units },
    { name: "start_bias", shape: [2 * units] },
    { name: "embedding", shape: [vocabulary, embedding], deviation: 0.05 },
    { name: "word_kernel", shape: [embedding, 4 * units], fanIn: embedding },
    // Columns: query, gate of the context, then the LSTM's four gates: everything that the previous state feeds.
    { name: "state_kernel", shape: [units, 6 * units], fanIn: units },
    { name: "context_gate_bias", shape: [units] },
    { name: "context_kernel", shape: [units, 4 * units], fanIn: units },
    { name: "lstm_bias", shape: [4 * units], forgetBias: true },
    { name: "mix_kernel", shape: [2 * units + embedding, units], fanIn: 2 * units + embedding },
    { name: "mix_bias", shape: [units] },
    { name: "output_kernel", shape: [units, vocabulary], fanIn: units },
    { name: "output_bias", shape: [vocabulary] },
    ...(concepts === undefined ? [] : conceptWeights(concepts, units)),
    ...(stem === undefined ? [] : lastStageShapes({ stem, features })),
  ];
}

/** Turns concepts into places to look at, and contributes to the first state. */
function conceptWeights({ vector }: ConceptShape, units: number): WeightSpec[] {
  return [
    { name: "concept_kernel", shape: [vector + 1, units], fanIn: vector + 1 },
    { name: "concept_bias", shape: [units] },
    // Zero at first: a decoder that continues from one without concepts starts unchanged.
    { name: "concept_start_kernel", shape: [units, 2 * units] },
  ];
}

/** Shape and initial values of one weight; without `fanIn` and `deviation` it starts at zero. */
export interface WeightSpec {
  readonly name: AttentionWeightName;
  readonly shape: readonly number[];
  /** Normal with deviation 1 / sqrt(fanIn). */
  readonly fanIn?: number;
  /** Normal with this deviation. */
  readonly deviation?: number;
  /** Ones for the forget gate, which lets gradients through at first (Jozefowicz et al., 2015). */
  readonly forgetBias?: boolean;
}

/** The weights of the attention decoder, and of the encoder's last stage. */
export type AttentionWeightName =
  | "project_kernel"
  | "project_bias"
  | "key_kernel"
  | "start_kernel"
  | "start_bias"
  | "embedding"
  | "word_kernel"
  | "state_kernel"
  | "context_gate_bias"
  | "context_kernel"
  | "lstm_bias"
  | "mix_kernel"
  | "mix_bias"
  | "output_kernel"
  | "output_bias"
  | ConceptWeightName
  | LastStageWeightName;

/** The weights that read concepts. */
export type ConceptWeightName = "concept_kernel" | "concept_bias" | "concept_start_kernel";

/** Weights as tfjs variables; those of the encoder's last stage if it learns too. */
export type AttentionWeights = Readonly<
  Record<Exclude<AttentionWeightName, LastStageWeightName | ConceptWeightName>, tf.Tensor>
> &
  Partial<Readonly<Record<ConceptWeightName, tf.Tensor>>> &
  Partial<LastStageWeights>;

/** The decoder's input for a batch of photos. For captions without photos, it only has concepts. */
export interface PhotoInput {
  /** [photos, regions, features], or [photos, regions, stem] if the weights hold the encoder's last stage. */
  readonly grid?: tf.Tensor3D | undefined;
  /** Vectors of concepts, each followed by its probability, [photos, slots, vector + 1]. */
  readonly concepts?: tf.Tensor3D | undefined;
}

/** The decoder's memory of a photo: keys and values of its places (regions, then concepts), and the first state. */
export interface PhotoMemory {
  /** [photos, places, units] */
  readonly keys: tf.Tensor3D;
  /** [photos, places, units] */
  readonly values: tf.Tensor3D;
  /** [photos, 1, units] */
  readonly hidden: tf.Tensor3D;
  /** [photos, 1, units] */
  readonly cell: tf.Tensor3D;
}

/** The LSTM's state for `beams` sentences of each photo: both [photos, beams, units]. */
export interface DecoderState {
  readonly hidden: tf.Tensor3D;
  readonly cell: tf.Tensor3D;
}

/**
 * Reads a batch of photos once: regions and concepts, each projected by a rectified linear layer, with the mean region
 * and the mean concept as the first state.
 *
 * @param mask Dropout mask of the values, [photos, 1 or places, units], already scaled; none at inference.
 * @param shown For each region, which region (photo * regions + region) to show instead. Without it, every region is
 *   shown once.
 */
export function readPhotos(
  weights: AttentionWeights,
  { grid, concepts }: PhotoInput,
  mask: tf.Tensor | undefined = undefined,
  shown: tf.Tensor1D | undefined = undefined,
): PhotoMemory {
  const units = weights.project_bias.shape[0]!;
  const [photos] = (grid ?? concepts)!.shape;
  const parts = [
    ...(grid === undefined ? [] : [regionValues(weights, grid, shown)]),
    ...(concepts === undefined ? [] : [conceptValues(weights, concepts)]),
  ];
  const places = parts.map((part) => part.shape[1]);
  const all = parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
  const values = (mask === undefined ? all : tf.mul(all, mask)) as tf.Tensor3D;
  const keys = tf.matMul(tf.reshape(values, [-1, units]), weights.key_kernel as tf.Tensor2D);
  const kept = parts.length === 1 ? [values] : tf.split(values, places, 1);
  const kernels = [
    ...(grid === undefined ? [] : [weights.start_kernel]),
    ...(concepts === undefined ? [] : [weights.concept_start_kernel!]),
  ];
  const terms = kept.map((part, i) => tf.matMul(tf.mean(part, 1), kernels[i] as tf.Tensor2D));
  const start = tf.tanh(tf.addN([...terms, tf.tile(tf.expandDims(weights.start_bias, 0), [photos, 1])]));
  const [hidden, cell] = tf.split(start, 2, 1);
  return {
    keys: tf.reshape(keys, values.shape),
    values,
    hidden: tf.reshape(hidden!, [photos, 1, units]),
    cell: tf.reshape(cell!, [photos, 1, units]),
  };
}

/** [photos, regions, units] */
function regionValues(weights: AttentionWeights, grid: tf.Tensor3D, shown: tf.Tensor1D | undefined): tf.Tensor3D {
  const [photos, regions] = grid.shape;
  const encoded = holdsLastStage(weights) ? runLastStage(weights, grid) : grid;
  const flat = tf.reshape(encoded, [photos * regions, -1]) as tf.Tensor2D;
  const projected = tf.relu(tf.add(tf.matMul(flat, weights.project_kernel as tf.Tensor2D), weights.project_bias));
  return tf.reshape(shown === undefined ? projected : tf.gather(projected, shown), [photos, regions, -1]);
}

/** [photos, slots, units] */
function conceptValues(weights: AttentionWeights, concepts: tf.Tensor3D): tf.Tensor3D {
  const [photos, slots, length] = concepts.shape;
  const flat = tf.reshape(concepts, [photos * slots, length]) as tf.Tensor2D;
  const projected = tf.relu(tf.add(tf.matMul(flat, weights.concept_kernel as tf.Tensor2D), weights.concept_bias!));
  return tf.reshape(projected, [photos, slots, -1]);
}

function holdsLastStage(weights: AttentionWeights): weights is AttentionWeights & LastStageWeights {
  return weights.res5a_branch2a_kernel !== undefined;
}

/**
 * Advances by one word: attention from the previous state, a gate on its context, then the LSTM.
 *
 * @param wordGates What the current words feed to the LSTM's gates, [photos * beams, 4 * units].
 * @returns The next state, the context [photos * beams, units], and the attention [photos, beams, places].
 */
export function advance(
  weights: AttentionWeights,
  memory: PhotoMemory,
  state: DecoderState,
  wordGates: tf.Tensor2D,
): { state: DecoderState; context: tf.Tensor2D; attention: tf.Tensor3D } {
  const [photos, beams, units] = state.hidden.shape;
  const rows = photos * beams;
  const fromState = tf.matMul(tf.reshape(state.hidden, [rows, units]), weights.state_kernel as tf.Tensor2D);
  const [query, gate, recurrent] = tf.split(fromState, [units, units, 4 * units], 1);
  const scores = tf.matMul(tf.reshape(query!, [photos, beams, units]), memory.keys, false, true);
  const attention = tf.softmax(tf.mul(scores, 1 / Math.sqrt(units))) as tf.Tensor3D;
  const seen = tf.reshape(tf.matMul(attention, memory.values), [rows, units]);
  const context = tf.mul(tf.sigmoid(tf.add(gate!, weights.context_gate_bias)), seen) as tf.Tensor2D;
  const gates = tf.addN([
    recurrent!,
    wordGates,
    tf.add(tf.matMul(context, weights.context_kernel as tf.Tensor2D), weights.lstm_bias),
  ]);
  const [input, forget, candidate, output] = tf.split(gates, 4, 1);
  const cell = tf.add(
    tf.mul(tf.sigmoid(forget!), tf.reshape(state.cell, [rows, units])),
    tf.mul(tf.sigmoid(input!), tf.tanh(candidate!)),
  );
  const hidden = tf.mul(tf.sigmoid(output!), tf.tanh(cell));
  return {
    state: {
      hidden: tf.reshape(hidden, [photos, beams, units]),
      cell: tf.reshape(cell, [photos, beams, units]),
    },
    context,
    attention,
  };
}

/**
 * The layer before the vocabulary: state, context and current word mixed by a tanh layer.
 *
 * @returns [rows, units]
 */
export function mix(weights: AttentionWeights, hidden: tf.Tensor, context: tf.Tensor, word: tf.Tensor): tf.Tensor2D {
  const together = tf.concat([hidden, context, word], 1) as tf.Tensor2D;
  return tf.tanh(tf.add(tf.matMul(together, weights.mix_kernel as tf.Tensor2D), weights.mix_bias));
}

/** Scores of every word of the vocabulary, [rows, vocabulary], from what {@linkcode mix} returns. */
export function logitsOf(weights: AttentionWeights, mixed: tf.Tensor): tf.Tensor2D {
  return tf.add(tf.matMul(mixed as tf.Tensor2D, weights.output_kernel as tf.Tensor2D), weights.output_bias);
}
