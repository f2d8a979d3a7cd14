import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { tf } from "../tensorflow.ts";
import { endId, startId } from "./batches.ts";
import type { CaptionMasks } from "./masks.ts";
import {
  type AttentionWeights,
  advance,
  type DecoderState,
  logitsOf,
  mix,
  type PhotoInput,
  readPhotos,
} from "./model.ts";

/** A caption that the model drew. */
export interface SampledCaption {
  /** Word ids, without start and end. */
  readonly words: Int32Array;
  /** Whether the model ended it; otherwise it was cut. */
  readonly ends: boolean;
}

/** How {@linkcode sampleCaptions} draws. */
export interface SamplingOptions {
  /** Captions of each photo. */
  readonly captions: number;
  /** Captions stop after this many words. */
  readonly maxWords: number;
  /** The logits are divided by it: below 1, likely words become likelier. */
  readonly temperature: number;
}

/**
 * Draws captions word by word from the model's own distribution, under the dropout with which its gradient is computed
 * later: only then do sampling and learning use the same model.
 *
 * @param input See {@linkcode readPhotos}.
 * @param masks Of `photos * captions` captions.
 * @returns `captions` captions per photo, photo by photo.
 */
export function sampleCaptions(
  weights: AttentionWeights,
  input: PhotoInput,
  { captions, maxWords, temperature }: SamplingOptions,
  masks: CaptionMasks,
  random: SeededRandom,
): SampledCaption[] {
  const rows = (input.grid ?? input.concepts)!.shape[0] * captions;
  const words: number[][] = Array.from({ length: rows }, () => []);
  const open = new Set(words.keys());
  tf.tidy(() => {
    const memory = readPhotos(weights, input, masks.values, masks.shown);
    let state: DecoderState = {
      hidden: tf.tile(memory.hidden, [1, captions, 1]),
      cell: tf.tile(memory.cell, [1, captions, 1]),
    };
    const tokens = new Int32Array(rows).fill(startId);
    for (let step = 0; step <= maxWords && open.size > 0; step++) {
      const looked = tf.gather(weights.embedding as tf.Tensor2D, tf.tensor1d(tokens.slice(), "int32"));
      const word = tf.mul(looked, masks.words);
      const next = advance(weights, memory, state, tf.matMul(word as tf.Tensor2D, weights.word_kernel as tf.Tensor2D));
      state = next.state;
      const mixed = tf.mul(mix(weights, tf.reshape(state.hidden, [rows, -1]), next.context, word), masks.mixed);
      const probabilities = tf.softmax(tf.div(logitsOf(weights, mixed), temperature)).dataSync() as Float32Array;
      for (const row of [...open]) {
        const drawn = draw(probabilities, row, probabilities.length / rows, random);
        tokens[row] = drawn;
        if (drawn === endId) open.delete(row);
        else if (step < maxWords) words[row]!.push(drawn);
      }
    }
  });
  return words.map((ids, row) => ({ words: Int32Array.from(ids), ends: !open.has(row) }));
}

/** Draws a word by its probability, but never padding or start. */
function draw(probabilities: Float32Array, row: number, classes: number, random: SeededRandom): number {
  const first = row * classes;
  let left = random.next() * (1 - probabilities[first]! - probabilities[first + 1]!);
  for (let word = endId; word < classes; word++) {
    left -= probabilities[first + word]!;
    if (left < 0) return word;
  }
  // Rounding can leave a little more than the sum.
  return endId;
}
