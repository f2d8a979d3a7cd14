import type { Datastore as WasmDatastore } from "../../crates/text/pkg/edgecap_text.js";
import { EdgecapError } from "../errors.ts";
import { readSafetensors, type Tensor, type TensorKind } from "../files/safetensors.ts";
import { loadedTextModule } from "../text/text_crate.ts";

/**
 * The data that a bundle stores about its training photos: a vector and the captions of each, and how common every
 * n-gram in the captions is. Made by src/training/run/build_datastore.ts.
 *
 * It is a safetensors file with
 * - `mean` and `scale` F32 [dimensions]: vectors are compared after subtracting `mean` and multiplying by `scale`,
 * - `vectors` I8 [photos, dimensions]: the prepared vectors of the photos; only their directions count,
 * - `captions` U8 [photos]: number of captions of each photo,
 * - `lengths` U8 [captions]: number of words of each,
 * - `tokens` U16 [words]: ids of the words of all captions, one after another,
 * - `ngrams` U32 [n], rising, and `frequencies` U16 [n]: hashes of n-grams and the number of photos in whose captions
 *   they occur. N-grams of a single photo are left out.
 *
 * Needs `await textModule()` once. Its memory is freed by `using` or by garbage collection.
 */
export class Datastore implements Disposable {
  /** Length of a photo's vector. */
  readonly dimensions: number;
  /** Number of photos. */
  readonly photos: number;
  readonly #inner: WasmDatastore;
  #freed = false;

  /**
   * Reads a datastore's file.
   *
   * @param where Where the bytes came from, for messages.
   * @param vocabulary Entries of the bundle's vocabulary.
   * @throws {EdgecapError} `bundle-shape-mismatch`
   */
  constructor(bytes: Uint8Array, where: string, vocabulary: number) {
    const { tensors } = readSafetensors(bytes, (why, cause) => {
      const message = `"${where}" is not a safetensors file: ${why}. Copy or export it again.`;
      return new EdgecapError("bundle-shape-mismatch", message, { cause });
    });
    const wrong = (why: string, cause?: unknown) =>
      new EdgecapError(
        "bundle-shape-mismatch",
        `The datastore "${where}" is inconsistent: ${why}. Export the bundle again.`,
        { cause },
      );
    const take = <Kind extends TensorKind>(name: string, kind: Kind, rank = 1): Tensor<Kind>["data"] => {
      const tensor = tensors.get(name);
      if (tensor?.kind === kind && tensor.shape.length === rank) return tensor.data as Tensor<Kind>["data"];
      const found = tensor ? `of ${tensor.kind} with ${tensor.shape.length}` : "missing";
      throw wrong(`"${name}" should be of ${kind} with ${rank} axes, but is ${found}`);
    };
    const { Datastore: Inner, DatastoreParts } = loadedTextModule();
    const parts = new DatastoreParts();
    const mean = take("mean", "F32");
    const captions = take("captions", "U8");
    parts.photos(mean, take("scale", "F32"), take("vectors", "I8", 2));
    parts.captions(captions, take("lengths", "U8"), take("tokens", "U16"));
    parts.ngrams(take("ngrams", "U32"), take("frequencies", "U16"));
    try {
      // This takes ownership of `parts`, even if it throws.
      this.#inner = new Inner(parts, vocabulary);
    } catch (cause) {
      throw wrong((cause as Error).message, cause);
    }
    this.dimensions = mean.length;
    this.photos = captions.length;
  }

  /**
   * The training photos nearest to a photo by the angle between their vectors, nearest first.
   *
   * @param vector The photo's vector, [dimensions].
   * @param count How many to return, at most the number of photos.
   * @returns Their numbers, from 0.
   */
  nearest(vector: Float32Array, count: number): Uint32Array {
    return this.#inner.nearest(vector, count);
  }

  /**
   * How similar a picture is to some training photos: the mean cosine of the angles between their vectors.
   *
   * @param vector The photo's vector, [dimensions].
   * @param photos Indices of the training photos.
   * @returns -1 to 1; 0 without photos.
   */
  likeness(vector: Float32Array, photos: Uint32Array): number {
    return this.#inner.likeness(vector, photos);
  }

  /**
   * How much captions agree with those of some training photos: the mean CIDEr of each against theirs
   * (Devlin et al., 2015, "Exploring Nearest Neighbor Approaches for Image Captioning"), with CIDEr-D's penalty for
   * other lengths but without its clipping of repeated n-grams; the end counts as a word.
   *
   * @param captions Ids of their words, without start and end.
   * @param photos Indices of the training photos, at least one.
   * @param endId Id of the end.
   * @returns For each caption, 0 to 1.
   */
  consensus(captions: readonly Uint32Array[], photos: Uint32Array, endId: number): Float64Array {
    const tokens = Uint32Array.from(captions.flatMap((words) => [...words]));
    return this.#inner.consensus(
      tokens,
      Uint32Array.from(captions, ({ length }) => length),
      photos,
      endId,
    );
  }

  [Symbol.dispose](): void {
    if (!this.#freed) this.#inner.free();
    this.#freed = true;
  }
}
