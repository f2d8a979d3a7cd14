import { attentionLoss, batchLayout } from "./attention_loss.ts";
import { type CaptionMasks, captionMasks, masksOfPlaces, wordMasks } from "./attention_masks.ts";
import type { AttentionShape, AttentionWeights } from "./attention_model.ts";
import type { AttentionSettings, TrainingStage } from "./attention_settings.ts";
import { type CaptionRow, captionArrays, captionRow, chooseCaptions, type EncodedPhoto, readGrids } from "./batches.ts";
import { type CaptionReward, leaveOneOut } from "./caption_reward.ts";
import type { FeatureCache } from "./feature_cache.ts";
import { sampleCaptions } from "./sample_captions.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { tf } from "./tensorflow.ts";

/** What a step needs beside its photos. */
export interface StepContext {
  readonly variables: readonly tf.Variable[];
  /** The same variables by name. */
  readonly weights: AttentionWeights;
  readonly shape: AttentionShape;
  readonly settings: AttentionSettings;
  readonly cache: FeatureCache;
  readonly random: SeededRandom;
  /** Judges sampled captions; needed by a self-critical stage. */
  readonly reward?: CaptionReward;
}

/** What a step found. */
export interface StepResult {
  readonly loss: number;
  /** Mean reward of the sampled captions; 0 where none were sampled. */
  readonly reward: number;
  /** One array a variable, in their order. */
  readonly gradients: Float32Array[];
}

/** Loss and gradients of one step over some photos, with captions sampled first where the stage is self-critical. */
export function trainingStep(photos: readonly EncodedPhoto[], stage: TrainingStage, context: StepContext): StepResult {
  const { variables, weights, shape, settings, cache, random } = context;
  const samples = stage.selfCritical?.samples ?? 0;
  const captions = samples + stage.captionsPerPhoto;
  // Handed out by a variable: tidy() walks every element of what its function returns.
  let result: StepResult | undefined;
  tf.tidy(() => {
    const grid = tf.tensor3d(readGrids(photos, cache, random), [
      photos.length,
      shape.regions,
      shape.stem ?? shape.features,
    ]);
    const rows: CaptionRow[][] = photos.map(() => []);
    const shared = stage.selfCritical && captionMasks(photos.length, captions, shape, stage, random);
    const mean = shared === undefined ? 0 : addSampled(rows, photos, stage, context, grid, shared);
    for (const [place, photo] of photos.entries()) {
      for (const words of chooseCaptions(photo, stage.captionsPerPhoto, random)) {
        rows[place]!.push(captionRow(words, settings.maxWords));
      }
    }
    const { order, ...arrays } = captionArrays(rows, captions);
    const layout = batchLayout(arrays);
    const masks =
      shared === undefined
        ? wordMasks(photos.length, layout, shape, stage, random)
        : masksOfPlaces(shared, layout, order);
    const { value, grads } = tf.variableGrads(
      () =>
        attentionLoss(
          weights,
          { ...arrays, grid },
          {
            labelSmoothing: stage.labelSmoothing,
            ...stage.selfCritical,
          },
          masks,
          layout,
        ),
      [...variables],
    );
    const gradients = variables.map((variable) => grads[variable.name]!.dataSync() as Float32Array);
    result = { loss: value.dataSync()[0]!, reward: mean, gradients };
  });
  return result!;
}

/** Samples captions of each photo into its rows, with their advantages, and returns their mean reward. */
function addSampled(
  rows: CaptionRow[][],
  photos: readonly EncodedPhoto[],
  stage: TrainingStage,
  { weights, random, reward }: StepContext,
  grid: tf.Tensor3D,
  masks: CaptionMasks,
): number {
  const { samples, maxWords, temperature } = stage.selfCritical!;
  const ofSamples = (mask: tf.Tensor) => {
    const width = mask.shape[1]!;
    const all = tf.reshape(mask, [photos.length, samples + stage.captionsPerPhoto, width]);
    return tf.reshape(tf.slice(all, 0, [photos.length, samples, width]), [photos.length * samples, width]);
  };
  const sampled = sampleCaptions(
    weights,
    grid,
    { captions: samples, maxWords, temperature },
    { ...masks, words: ofSamples(masks.words), mixed: ofSamples(masks.mixed) },
    random,
  );
  let sum = 0;
  for (const [place, { image }] of photos.entries()) {
    const own = sampled.slice(place * samples, (place + 1) * samples);
    const rewards = own.map(({ words, ends }) => reward!.of(image, words, ends));
    sum += rewards.reduce((total, value) => total + value, 0);
    const advantages = leaveOneOut(rewards);
    rows[place]!.push(...own.map((caption, i) => ({ ...caption, advantage: advantages[i]! })));
  }
  return sum / sampled.length;
}
