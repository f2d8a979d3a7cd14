import { endId, startId } from "../attention/batches.ts";
import { bestWords } from "../attention/greedy_captions.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import { tf } from "../tensorflow.ts";
import type { ArticleShape } from "./merged_model.ts";
import { prefixLayout } from "./prefix_layout.ts";
import { type ArticleTensors, imageVectors, mergedLogits, textVectors } from "./prefix_loss.ts";

/**
 * Captions many photos with the most likely next word, until `<end>`. The training loop scores these captions.
 *
 * The article's function cannot run as printed: it names `in_text`, `photo` and `sequence` before they exist, compares
 * with `<end>` although its tokenizer knows `end`, and cuts the last word of a caption that never ended. This function
 * does what it was meant to do.
 *
 * @returns The word ids of each photo, without start and end.
 */
export function greedyPrefixes(
  weights: ArticleTensors,
  shape: ArticleShape,
  cache: FeatureCache,
  images: readonly string[],
  photosAtOnce = 250,
): Int32Array[] {
  const captions: Int32Array[] = [];
  for (let first = 0; first < images.length; first += photosAtOnce) {
    const names = images.slice(first, first + photosAtOnce);
    const image = tf.tidy(() => imageVectors(weights, photoFeatures(cache, names)));
    const words: number[][] = names.map(() => [startId]);
    let open = [...names.keys()];
    // The start takes one place of the longest caption.
    for (let step = 1; step < shape.longest && open.length > 0; step++) {
      const chosen = tf.tidy(() => {
        const layout = prefixLayout(
          open.map((photo) => Int32Array.from(words[photo]!)),
          shape.longest,
        );
        const rows = tf.tensor1d(
          Int32Array.from(layout.order, (place) => open[place]!),
          "int32",
        );
        const logits = mergedLogits(weights, tf.gather(image, rows), textVectors(weights, shape, layout));
        return { order: layout.order, ids: bestWords(logits.dataSync() as Float32Array, open.length) };
      });
      for (const [row, place] of chosen.order.entries()) words[open[place]!]!.push(chosen.ids[row]!);
      open = open.filter((photo) => words[photo]!.at(-1) !== endId);
    }
    image.dispose();
    captions.push(...words.map((ids) => Int32Array.from(ids.slice(1).filter((id) => id !== endId))));
  }
  return captions;
}

/** Flattened features of photos, [photos, features]. */
export function photoFeatures(cache: FeatureCache, images: readonly string[]): tf.Tensor2D {
  const length = cache.index.regions * cache.index.features;
  const features = new Float32Array(images.length * length);
  for (const [place, image] of images.entries()) cache.read(image, 0, features, place * length);
  return tf.tensor2d(features, [images.length, length]);
}
