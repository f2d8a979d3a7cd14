import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { tf } from "../tensorflow.ts";

/** Sizes of the article's merged model. */
export interface ArticleShape {
  /** Flattened features of a photo: 18,432 for ResNet50 at 90x90. */
  readonly features: number;
  /** Length that a prefix is padded to: that of the longest caption. */
  readonly longest: number;
  /** Length of a word's vector: 300 in the article. */
  readonly embedding: number;
  /** Entries of the vocabulary, padding included. */
  readonly vocabulary: number;
  /** Units of each layer after the merge: 256 in the article. */
  readonly mixed: number;
}

/** Share that both dropout layers drop. */
export const articleDropout = 0.2;

/** Layers of each branch: four dense ones for the photo, four LSTMs for the words. */
export const branchDepth = 4;

/** Units of every layer of the two branches: four times the longest caption. */
export function branchUnits({ longest }: ArticleShape): number {
  return 4 * longest;
}

/** Names of the layers at which the model is cut for export. */
export const cutNames = { image: `image_dense_${branchDepth}`, logits: "logits" } as const;

/** A trained weight: `layer/part`, as the merged model names it. */
export interface ArticleWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** How Keras initialises it. */
  readonly start: "glorot" | "orthogonal" | "forget" | "zeros";
}

/** Every weight that training changes, in the order in which checkpoints store them; the embedding is frozen. */
export function articleWeights(shape: ArticleShape): ArticleWeight[] {
  const units = branchUnits(shape);
  const dense = (layer: string, from: number, to: number): ArticleWeight[] => [
    { name: `${layer}/kernel`, shape: [from, to], start: "glorot" },
    { name: `${layer}/bias`, shape: [to], start: "zeros" },
  ];
  const branch = Array.from({ length: branchDepth }, (_, i) => i + 1);
  return [
    ...branch.flatMap((i) => dense(`image_dense_${i}`, i === 1 ? shape.features : units, units)),
    ...branch.flatMap((i): ArticleWeight[] => [
      { name: `lstm_${i}/kernel`, shape: [i === 1 ? shape.embedding : units, 4 * units], start: "glorot" },
      { name: `lstm_${i}/recurrent_kernel`, shape: [units, 4 * units], start: "orthogonal" },
      { name: `lstm_${i}/bias`, shape: [4 * units], start: "forget" },
    ]),
    ...dense("mixed_1", units, shape.mixed),
    ...dense("mixed_2", shape.mixed, shape.mixed),
    ...dense(cutNames.logits, shape.mixed, shape.vocabulary),
  ];
}

/** Initial values of a weight, as Keras draws them. */
export function firstValues({ shape, start }: ArticleWeight, random: SeededRandom): Float32Array {
  const [rows, columns = 1] = shape as [number, number?];
  const values = new Float32Array(rows * columns);
  if (start === "glorot") {
    const limit = Math.sqrt(6 / (rows + columns));
    for (let i = 0; i < values.length; i++) values[i] = limit * (2 * random.next() - 1);
  } else if (start === "orthogonal") {
    orthogonalRows(values, rows, columns, random);
  } else if (start === "forget") {
    values.fill(1, rows / 4, rows / 2);
  }
  return values;
}

/** Fills a matrix with normal numbers and makes its rows orthonormal (modified Gram and Schmidt); rows <= columns. */
function orthogonalRows(values: Float32Array, rows: number, columns: number, random: SeededRandom): void {
  for (let row = 0; row < rows; row++) {
    const current = values.subarray(row * columns, (row + 1) * columns);
    for (let i = 0; i < columns; i++) current[i] = random.normal();
    for (let other = 0; other < row; other++) {
      const before = values.subarray(other * columns, (other + 1) * columns);
      let product = 0;
      for (let i = 0; i < columns; i++) product += current[i]! * before[i]!;
      for (let i = 0; i < columns; i++) current[i]! -= product * before[i]!;
    }
    const length = Math.hypot(...current);
    for (let i = 0; i < columns; i++) current[i]! /= length;
  }
}

/**
 * The article's merged model: inputs `image` [batch, features] and `words` int32 [batch, longest], pre-padded with
 * zeros; output [batch, vocabulary], probabilities of the next word.
 *
 * Image branch: dropout, four dense layers of 4 x longest with relu. Text branch: a frozen embedding without a mask,
 * dropout, four stacked LSTMs with relu. Their sum, two dense layers of 256, softmax. `keras.layers.merge.add` of the
 * article no longer exists; it means the layer `Add`. The softmax is a separate layer so that the export can stop
 * before it.
 *
 * @param weights Arrays by the names of {@linkcode articleWeights}.
 * @param embedding Vectors of the words, [vocabulary, embedding]; row 0, of the padding, holds zeros.
 */
export function mergedModel(
  shape: ArticleShape,
  weights: ReadonlyMap<string, Float32Array>,
  embedding: Float32Array,
): tf.LayersModel {
  const units = branchUnits(shape);
  // Every weight is set below, so skip the initial values that Keras would draw.
  const empty = { kernelInitializer: "zeros", biasInitializer: "zeros" } as const;
  const dense = (name: string, length: number) =>
    tf.layers.dense({ name, units: length, activation: "relu", ...empty });
  const imageInput = tf.input({ name: "image", shape: [shape.features] });
  let image = tf.layers.dropout({ name: "image_dropout", rate: articleDropout }).apply(imageInput) as tf.SymbolicTensor;
  for (let i = 1; i <= branchDepth; i++) image = dense(`image_dense_${i}`, units).apply(image) as tf.SymbolicTensor;

  const wordsInput = tf.input({ name: "words", shape: [shape.longest], dtype: "int32" });
  const vectors = tf.layers.embedding({
    name: "embedding",
    inputDim: shape.vocabulary,
    outputDim: shape.embedding,
    inputLength: shape.longest,
    embeddingsInitializer: "zeros",
    trainable: false,
  });
  let text = vectors.apply(wordsInput) as tf.SymbolicTensor;
  text = tf.layers.dropout({ name: "words_dropout", rate: articleDropout }).apply(text) as tf.SymbolicTensor;
  for (let i = 1; i <= branchDepth; i++) {
    const lstm = tf.layers.lstm({
      name: `lstm_${i}`,
      units,
      activation: "relu",
      // Keras's default since version 2.3; tfjs still uses the older one.
      recurrentActivation: "sigmoid",
      returnSequences: i < branchDepth,
      recurrentInitializer: "zeros",
      unitForgetBias: false,
      ...empty,
    });
    text = lstm.apply(text) as tf.SymbolicTensor;
  }
  const merged = tf.layers.add({ name: "merged" }).apply([image, text]) as tf.SymbolicTensor;
  let mixed = dense("mixed_1", shape.mixed).apply(merged) as tf.SymbolicTensor;
  mixed = dense("mixed_2", shape.mixed).apply(mixed) as tf.SymbolicTensor;
  const logits = tf.layers.dense({ name: cutNames.logits, units: shape.vocabulary, ...empty }).apply(mixed);
  const probabilities = tf.layers.softmax({ name: "probabilities" }).apply(logits) as tf.SymbolicTensor;
  const model = tf.model({ name: "article", inputs: [imageInput, wordsInput], outputs: probabilities });
  setWeights(model, shape, weights, embedding);
  return model;
}

function setWeights(
  model: tf.LayersModel,
  shape: ArticleShape,
  weights: ReadonlyMap<string, Float32Array>,
  embedding: Float32Array,
): void {
  const byLayer = new Map<string, tf.Tensor[]>();
  for (const { name, shape: lengths } of articleWeights(shape)) {
    const layer = name.slice(0, name.lastIndexOf("/"));
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), tf.tensor(weights.get(name)!, [...lengths])]);
  }
  byLayer.set("embedding", [tf.tensor(embedding, [shape.vocabulary, shape.embedding])]);
  for (const [layer, tensors] of byLayer) {
    model.getLayer(layer).setWeights(tensors);
    tf.dispose(tensors);
  }
}

/**
 * The rows of the frozen embedding; the padding and words without a vector get zeros, as in spaCy.
 *
 * @param words Entries of the vocabulary by id.
 */
export function embeddingMatrix(
  words: readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  dimension: number,
): Float32Array {
  const matrix = new Float32Array(words.length * dimension);
  for (const [id, word] of words.entries()) {
    // The article's tokenizer strips the brackets of its marks before it looks up their vectors.
    const vector = vectors.get(word === "<start>" || word === "<end>" ? word.slice(1, -1) : word);
    if (id > 0 && vector !== undefined) matrix.set(vector, id * dimension);
  }
  return matrix;
}
