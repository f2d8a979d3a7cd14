import type { Datastore, Neighbour } from "./datastore.ts";
import { countNgramHashes } from "./ngrams.ts";

/** CIDEr-D's width of the penalty for captions of other lengths, in words. */
const sigma = 6;

/** The n-grams of a caption: for each length, tf-idf weights by hash, scaled to the length 1. */
type WeightedNgrams = readonly ReadonlyMap<number, number>[];

/**
 * How much candidate captions agree with what people wrote under the training photos nearest to a photo: the mean CIDEr of each
 * against those captions (Devlin et al., 2015, "Exploring Nearest Neighbor Approaches for Image Captioning"), with
 * CIDEr-D's penalty for other lengths and without its clipping of repeated n-grams.
 *
 * @param candidates Captions of the photo as ids of words, without start and end.
 * @param neighbours The photos, at least one.
 * @param endId Id of the end.
 * @returns For each candidate, 0 to 1.
 */
export function consensus(
  candidates: readonly ArrayLike<number>[],
  neighbours: readonly Neighbour[],
  datastore: Datastore,
  endId: number,
): Float64Array {
  const weights = new Map<number, number>();
  const idf = (hash: number): number => {
    const known = weights.get(hash);
    if (known !== undefined) return known;
    const weight = datastore.inverseDocumentFrequency(hash);
    weights.set(hash, weight);
    return weight;
  };
  const wanted = candidates.map((tokens) => weighted(tokens, endId, idf));
  const agreement = new Float64Array(candidates.length);
  for (const { photo } of neighbours) {
    const captions = datastore.captions(photo);
    for (const caption of captions) {
      const written = weighted(caption, endId, idf);
      for (const [i, candidate] of wanted.entries()) {
        const difference = candidates[i]!.length - caption.length;
        const penalty = Math.exp(-(difference ** 2) / (2 * sigma ** 2));
        agreement[i]! += (penalty * similarity(candidate, written)) / (captions.length * neighbours.length);
      }
    }
  }
  return agreement;
}

function weighted(tokens: ArrayLike<number>, endId: number, idf: (hash: number) => number): WeightedNgrams {
  return countNgramHashes(tokens, endId).map((counts) => {
    const vector = new Map(counts.entries().map(([hash, count]) => [hash, count * idf(hash)]));
    const norm = Math.hypot(...vector.values()) || 1;
    for (const [hash, weight] of vector) vector.set(hash, weight / norm);
    return vector;
  });
}

/** Mean over the lengths of n-grams of the cosine of the angle between two captions. */
function similarity(a: WeightedNgrams, b: WeightedNgrams): number {
  let sum = 0;
  for (const [n, vector] of a.entries()) {
    const other = b[n]!;
    for (const [hash, weight] of vector) sum += weight * (other.get(hash) ?? 0);
  }
  return sum / a.length;
}
