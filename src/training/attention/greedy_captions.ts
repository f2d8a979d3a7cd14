import { tf } from "../tensorflow.ts";
import { endId, startId } from "./batches.ts";
import { type AttentionWeights, advance, type DecoderState, logitsOf, mix, readPhotos } from "./model.ts";
import type { PhotoReader } from "./photo_reader.ts";

/**
 * Captions many photos with the most likely next word. The training loop scores these captions.
 *
 * @returns The word ids of each photo, without start and end.
 */
export function greedyCaptions(
  weights: AttentionWeights,
  photos: PhotoReader,
  images: readonly string[],
  maxWords: number,
  photosAtOnce = 100,
): Int32Array[] {
  const captions: Int32Array[] = [];
  for (let first = 0; first < images.length; first += photosAtOnce) {
    const names = images.slice(first, first + photosAtOnce);
    tf.tidy(() => {
      const memory = readPhotos(weights, photos.read(names.map((image) => ({ image, view: 0 }))));
      let state: DecoderState = memory;
      let tokens = new Int32Array(names.length).fill(startId);
      const words: number[][] = names.map(() => []);
      const open = new Set(names.keys());
      for (let step = 0; step < maxWords && open.size > 0; step++) {
        const embedded = tf.gather(weights.embedding as tf.Tensor2D, tf.tensor1d(tokens, "int32"));
        const next = advance(weights, memory, state, tf.matMul(embedded, weights.word_kernel as tf.Tensor2D));
        state = next.state;
        const hidden = tf.reshape(state.hidden, [names.length, -1]);
        const logits = logitsOf(weights, mix(weights, hidden, next.context, embedded));
        tokens = bestWords(logits.dataSync() as Float32Array, names.length);
        for (const photo of [...open]) {
          if (tokens[photo] === endId) open.delete(photo);
          else words[photo]!.push(tokens[photo]!);
        }
      }
      captions.push(...words.map((ids) => Int32Array.from(ids)));
    });
  }
  return captions;
}

/** The most likely entry of each row that may occur in a caption: padding, start and unknown (3) may not. */
export function bestWords(logits: Float32Array, rows: number): Int32Array<ArrayBuffer> {
  const classes = logits.length / rows;
  const best = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let top = endId;
    for (let word = 4; word < classes; word++) {
      if (logits[row * classes + word]! > logits[row * classes + top]!) top = word;
    }
    best[row] = top;
  }
  return best;
}
