import type { SeededRandom } from "../../dataset/seeded_random.ts";
import { tf } from "../tensorflow.ts";
import { type CaptionRow, captionArrays, captionRow, chooseCaptions, type EncodedPhoto } from "./batches.ts";
import { type CaptionReward, leaveOneOut } from "./caption_reward.ts";
import type { EncodedText } from "./encoded_text.ts";
import { attentionLoss, batchLayout } from "./loss.ts";
import { type CaptionMasks, captionMasks, masksOfPlaces, wordMasks } from "./masks.ts";
import type { AttentionShape, AttentionWeights, PhotoInput } from "./model.ts";
import type { PhotoReader } from "./photo_reader.ts";
import { sampleCaptions } from "./sample_captions.ts";
import type { AttentionSettings, TrainingStage } from "./settings.ts";

/** Inputs of a step besides its photos. */
export interface StepContext {
  readonly variables: readonly tf.Variable[];
  /** The same variables by name. */
  readonly weights: AttentionWeights;
  readonly shape: AttentionShape;
  readonly settings: AttentionSettings;
  readonly photos: PhotoReader;
  readonly random: SeededRandom;
  /** Judges sampled captions; needed by a self-critical stage. */
  readonly reward?: CaptionReward;
}

/** The result of a step. */
export interface StepResult {
  readonly loss: number;
  /** Mean reward of the sampled captions; 0 if none were sampled. */
  readonly reward: number;
  /** One array per variable, in their order. */
  readonly gradients: Float32Array[];
}

/**
 * Loss and gradients of one step over some photos, with captions sampled first if the stage is self-critical, and over
 * some captions without photos.
 */
export function trainingStep(
  photos: readonly EncodedPhoto[],
  texts: readonly EncodedText[],
  stage: TrainingStage,
  context: StepContext,
): StepResult {
  const { variables, weights, shape, settings, random } = context;
  const samples = stage.selfCritical?.samples ?? 0;
  const captions = samples + stage.captionsPerPhoto;
  // Passed out through a variable, because tidy() walks every element of what its function returns.
  let result: StepResult | undefined;
  tf.tidy(() => {
    const input = context.photos.read(context.photos.randomViews(photos, random));
    const rows: CaptionRow[][] = photos.map(() => []);
    const shared = stage.selfCritical && captionMasks(photos.length, captions, shape, stage, random);
    const mean = shared === undefined ? 0 : addSampled(rows, photos, stage, context, input, shared);
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
    const lossOfTexts = texts.length === 0 ? undefined : textLoss(texts, stage, context);
    const { value, grads } = tf.variableGrads(() => {
      const loss = attentionLoss(
        weights,
        { ...arrays, ...input },
        { labelSmoothing: stage.labelSmoothing, ...stage.selfCritical },
        masks,
        layout,
      );
      return lossOfTexts === undefined ? loss : tf.add(loss, tf.mul(lossOfTexts(), stage.textWeight ?? 1));
    }, [...variables]);
    const gradients = variables.map((variable) => grads[variable.name]!.dataSync() as Float32Array);
    result = { loss: value.dataSync()[0]!, reward: mean, gradients };
  });
  return result!;
}

/** The loss of captions without photos; their masks and places are chosen before it is computed. */
function textLoss(
  texts: readonly EncodedText[],
  stage: TrainingStage,
  { weights, shape, settings, photos, random }: StepContext,
): () => tf.Scalar {
  const { order: _, ...arrays } = captionArrays(
    texts.map(({ words }) => [captionRow(words, settings.maxWords)]),
    1,
  );
  const layout = batchLayout(arrays);
  const masks = wordMasks(texts.length, layout, { ...shape, regions: 0 }, stage, random);
  const input = photos.standIn(texts, random);
  return () => attentionLoss(weights, { ...arrays, ...input }, { labelSmoothing: stage.labelSmoothing }, masks, layout);
}

/** Samples captions of each photo into its rows, with their advantages, and returns their mean reward. */
function addSampled(
  rows: CaptionRow[][],
  photos: readonly EncodedPhoto[],
  stage: TrainingStage,
  { weights, random, reward }: StepContext,
  input: PhotoInput,
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
    input,
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
