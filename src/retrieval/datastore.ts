import { EdgecapError } from "../errors.ts";
import { readSafetensors, type Tensor, type TensorKind } from "./safetensors.ts";

/** Training photos that are like another photo. */
export interface Neighbour {
  /** Number of the training photo. */
  readonly photo: number;
  /** Cosine of the angle between the two photos' vectors, -1 to 1. */
  readonly similarity: number;
}

/**
 * What a bundle remembers of its training photos: a vector of each, what people wrote under it, and how common every
 * n-gram of that is. Made by src/training/build_datastore.ts.
 *
 * The file is a safetensors file of
 * - `mean` and `scale` F32 [dimensions]: a photo's vector less `mean` and times `scale` is what is compared,
 * - `vectors` I8 [photos, dimensions]: the photos' vectors so prepared; only their directions count,
 * - `captions` U8 [photos]: how many captions each has,
 * - `lengths` U8 [captions]: words of each,
 * - `tokens` U16 [words]: ids of the words of all captions, one after another,
 * - `ngrams` U32 [n], rising, and `frequencies` U16 [n]: hashes of n-grams and the number of photos in whose captions
 *   they occur. Those of a single photo are left out.
 */
export class Datastore {
  /** Length of a photo's vector. */
  readonly dimensions: number;
  /** Photos that it holds. */
  readonly photos: number;
  readonly #mean: Float32Array;
  readonly #scale: Float32Array;
  readonly #vectors: Int8Array;
  /** Length of each vector. */
  readonly #norms: Float32Array;
  /** Of each photo, the number of its first caption; one more at the end. */
  readonly #firstCaption: Uint32Array;
  /** Of each caption, where its words begin; one more at the end. */
  readonly #firstWord: Uint32Array;
  readonly #tokens: Uint16Array;
  readonly #ngrams: Uint32Array;
  readonly #frequencies: Uint16Array;

  /**
   * Reads a datastore's file.
   *
   * @param where Where the bytes came from, for messages.
   * @param vocabulary Entries of the bundle's vocabulary.
   * @throws {EdgecapError} `bundle-shape-mismatch`
   */
  constructor(bytes: Uint8Array, where: string, vocabulary: number) {
    const { tensors } = readSafetensors(bytes, where);
    const wrong = (why: string) =>
      new EdgecapError(
        "bundle-shape-mismatch",
        `The datastore "${where}" disagrees with itself: ${why}. Export the bundle again.`,
      );
    const take = <Kind extends TensorKind>(name: string, kind: Kind, rank = 1): Tensor<Kind> => {
      const tensor = tensors.get(name);
      if (tensor?.kind === kind && tensor.shape.length === rank) return tensor as Tensor<Kind>;
      throw wrong(
        `"${name}" should be of ${kind} with ${rank} axes, and is ${tensor ? `of ${tensor.kind} with ${tensor.shape.length}` : "missing"}`,
      );
    };
    const vectors = take("vectors", "I8", 2);
    this.#mean = take("mean", "F32").data;
    this.#scale = take("scale", "F32").data;
    this.#vectors = vectors.data;
    [this.photos, this.dimensions] = vectors.shape as [number, number];
    for (const [name, { length }] of Object.entries({ mean: this.#mean, scale: this.#scale })) {
      if (length !== this.dimensions) throw wrong(`"${name}" has ${length} of ${this.dimensions} numbers`);
    }
    const captions = take("captions", "U8").data;
    const lengths = take("lengths", "U8").data;
    this.#tokens = take("tokens", "U16").data;
    this.#firstCaption = running(captions);
    this.#firstWord = running(lengths);
    if (captions.length !== this.photos)
      throw wrong(`"captions" counts those of ${captions.length} of ${this.photos} photos`);
    if (lengths.length !== this.#firstCaption.at(-1))
      throw wrong(`"lengths" has ${lengths.length} numbers for ${this.#firstCaption.at(-1)} captions`);
    if (this.#tokens.length !== this.#firstWord.at(-1))
      throw wrong(`"tokens" has ${this.#tokens.length} of ${this.#firstWord.at(-1)} words`);
    const strange = this.#tokens.find((token) => token >= vocabulary);
    if (strange !== undefined) throw wrong(`the token ${strange} is none of a vocabulary of ${vocabulary}`);
    this.#ngrams = take("ngrams", "U32").data;
    this.#frequencies = take("frequencies", "U16").data;
    if (this.#ngrams.length !== this.#frequencies.length) throw wrong(`"ngrams" and "frequencies" differ in length`);
    this.#norms = Float32Array.from({ length: this.photos }, (_, photo) => lengthOf(this.#vector(photo)));
  }

  /**
   * The training photos nearest to a photo, nearest first.
   *
   * @param vector The photo's vector, [dimensions].
   * @param count How many are wanted, at most as many as there are.
   */
  nearest(vector: Float32Array, count: number): Neighbour[] {
    const query = vector.map((value, i) => (value - this.#mean[i]!) * this.#scale[i]!);
    const norm = lengthOf(query);
    const similarities = Float32Array.from({ length: this.photos }, (_, photo) => {
      const other = this.#vector(photo);
      let product = 0;
      for (let i = 0; i < query.length; i++) product += query[i]! * other[i]!;
      return product / (norm * this.#norms[photo]!);
    });
    const order = Uint32Array.from(similarities.keys()).sort((a, b) => similarities[b]! - similarities[a]! || a - b);
    return Array.from(order.subarray(0, count), (photo) => ({ photo, similarity: similarities[photo]! }));
  }

  /** What people wrote under a training photo, as ids of words. */
  captions(photo: number): Uint16Array[] {
    const captions: Uint16Array[] = [];
    for (let caption = this.#firstCaption[photo]!; caption < this.#firstCaption[photo + 1]!; caption++) {
      captions.push(this.#tokens.subarray(this.#firstWord[caption], this.#firstWord[caption + 1]));
    }
    return captions;
  }

  /** The weight of an n-gram: the logarithm of how many times fewer photos have it in their captions than there are. */
  inverseDocumentFrequency(hash: number): number {
    let low = 0;
    let high = this.#ngrams.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ngrams[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    const frequency = this.#ngrams[low] === hash ? this.#frequencies[low]! : 1;
    return Math.log(this.photos / frequency);
  }

  #vector(photo: number): Int8Array {
    return this.#vectors.subarray(photo * this.dimensions, (photo + 1) * this.dimensions);
  }
}

/** Euclidean length of a vector; 1 where it is zero. */
function lengthOf(vector: Float32Array | Int8Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares) || 1;
}

/** Sums of the numbers before each place, and of all. */
function running(numbers: Uint8Array): Uint32Array {
  const sums = new Uint32Array(numbers.length + 1);
  for (const [i, number] of numbers.entries()) sums[i + 1] = sums[i]! + number;
  return sums;
}
