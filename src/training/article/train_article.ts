import { join } from "node:path";
import { type RandomState, SeededRandom } from "../../dataset/seeded_random.ts";
import { dropoutMask } from "../attention/dropout.ts";
import type { FeatureCache } from "../encoder/feature_cache.ts";
import { AdamW, type AdamWSlot } from "../optimiser/adamw.ts";
import { SlotVariables } from "../optimiser/slot_variables.ts";
import { writeCheckpoint } from "../run/checkpoint.ts";
import { assertFinite, checkpointToResume, type EpochOptions, type EpochRecord, trainEpochs } from "../run/epochs.ts";
import { tf } from "../tensorflow.ts";
import { yieldToEvents } from "../yield_to_events.ts";
import type { SequencedPhoto } from "./caption_sequences.ts";
import { greedyPrefixes, photoFeatures } from "./greedy_prefixes.ts";
import { type ArticleShape, articleDropout, articleWeights, firstValues } from "./merged_model.ts";
import type { PrefixLayout } from "./prefix_layout.ts";
import { type ArticleTensors, captionCount, prefixLoss } from "./prefix_loss.ts";
import { type PairBatch, pairBatches, stepsPerEpoch } from "./prefix_pairs.ts";

/** Settings of a training run of the article preset; all are kept in its checkpoints. */
export interface ArticleSettings {
  readonly epochs: number;
  readonly photosPerStep: number;
  readonly learningRate: number;
  /** Units of each layer behind the merge. */
  readonly mixed: number;
  /** Longest Euclidean norm of all gradients together. */
  readonly clipNorm: number;
  readonly seed: number;
}

/** The article's settings, with Keras's defaults for those that it does not name. */
export const articleDefaults: ArticleSettings = {
  epochs: 100,
  photosPerStep: 32,
  learningRate: 0.001,
  mixed: 256,
  // Not in the article: without it, the unbounded state of a relu LSTM can ruin all weights in one step.
  clipNorm: 5,
  seed: 1,
};

/** Options of {@linkcode trainArticle}. */
export interface ArticleTrainOptions extends EpochOptions {
  readonly cache: FeatureCache;
  readonly train: readonly SequencedPhoto[];
  readonly shape: ArticleShape;
  /** The frozen embedding, [vocabulary, embedding]. */
  readonly embedding: Float32Array;
  readonly settings: ArticleSettings;
  /** Number of steps after which `last.ckpt` is written also within an epoch. Default 50. */
  readonly checkpointSteps?: number;
}

/** The progress of a run: what a checkpoint stores besides the weights. */
interface Progress {
  records: EpochRecord[];
  /** Finished steps of the current epoch. */
  step: number;
  /** Sum of their losses. */
  lossSum: number;
  /** Seconds spent on them. */
  seconds: number;
  /** State of the random numbers at the start of the epoch, to repeat its order. */
  epochStart: RandomState;
  random: SeededRandom;
}

/**
 * Trains the article's merged model on (image, prefix, next word) pairs with Adam, and returns the record of all
 * epochs.
 *
 * A run that is killed at any moment and resumed takes the same steps as an uninterrupted one.
 *
 * @throws {EdgecapError} `checkpoint-invalid` if `resume` finds a checkpoint of other settings; `data-invalid` if the
 *   loss is no longer a number; `aborted`.
 */
export async function trainArticle(options: ArticleTrainOptions): Promise<EpochRecord[]> {
  const { settings, train, shape, cache, devImages } = options;
  const { optimiser, progress } = await startOrResume(options);
  using variables = new SlotVariables(optimiser.slots);
  const embedding = tf.tensor2d(options.embedding, [shape.vocabulary, shape.embedding]);
  using _ = { [Symbol.dispose]: () => embedding.dispose() };
  const weights: ArticleTensors = { ...variables.byName, embedding };
  const steps = stepsPerEpoch(train.length, settings.photosPerStep);
  const every = options.checkpointSteps ?? 50;
  return await trainEpochs(options, {
    epochs: settings.epochs,
    records: progress.records,
    train: async (epoch) => {
      const order = new SeededRandom(progress.epochStart);
      if (progress.step === 0) progress.random = order;
      for (const batch of pairBatches(train, settings.photosPerStep, order, progress.step)) {
        await yieldToEvents(options.signal);
        const started = performance.now();
        const { loss, gradients } = lossAndGradients(options, variables.list, weights, batch, progress.random);
        assertFinite(loss, epoch);
        optimiser.apply(gradients, settings.learningRate);
        variables.load();
        progress.step++;
        progress.lossSum += loss;
        progress.seconds += (performance.now() - started) / 1000;
        options.onStep?.(progress.step, steps, progress.lossSum / progress.step);
        if (progress.step % every === 0 && progress.step < steps) await save("last.ckpt", options, optimiser, progress);
      }
      const { lossSum, seconds } = progress;
      Object.assign(progress, { step: 0, lossSum: 0, seconds: 0, epochStart: progress.random.state });
      return {
        loss: lossSum / steps,
        seconds,
        captions: train.reduce((sum, { sequences }) => sum + sequences.length, 0),
      };
    },
    caption: () => greedyPrefixes(weights, shape, cache, devImages),
    save: (name) => save(name, options, optimiser, progress),
  });
}

async function startOrResume(options: ArticleTrainOptions): Promise<{ optimiser: AdamW; progress: Progress }> {
  const { settings, shape } = options;
  const adam = { weightDecay: 0, epsilon: 1e-7, clipNorm: settings.clipNorm };
  const random = new SeededRandom(settings.seed);
  const checkpoint = await checkpointToResume(options, { settings: kept(settings), shape });
  if (checkpoint === undefined) {
    const optimiser = new AdamW(
      articleWeights(shape).map((weight) => slot(weight, firstValues(weight, random))),
      adam,
    );
    return { optimiser, progress: { records: [], step: 0, lossSum: 0, seconds: 0, epochStart: random.state, random } };
  }
  const { meta, arrays } = checkpoint;
  const optimiser = new AdamW(
    articleWeights(shape).map((weight) =>
      slot(weight, arrays.get(weight.name)!, arrays.get(`${weight.name}/first`)!, arrays.get(`${weight.name}/second`)!),
    ),
    adam,
  );
  optimiser.step = meta["step"] as number;
  const saved = meta["progress"] as Omit<Progress, "random"> & { readonly random: RandomState };
  return { optimiser, progress: { ...saved, records: [...saved.records], random: new SeededRandom(saved.random) } };
}

function slot(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  value: Float32Array,
  first: Float32Array = new Float32Array(value.length),
  second: Float32Array = new Float32Array(value.length),
): AdamWSlot {
  return { name, shape, value, first, second };
}

/** The settings that a resumed run must share; the number of epochs may grow. */
function kept({ epochs: _, ...settings }: ArticleSettings): Omit<ArticleSettings, "epochs"> {
  return settings;
}

function lossAndGradients(
  { settings: _, shape, cache }: ArticleTrainOptions,
  variables: readonly tf.Variable[],
  weights: ArticleTensors,
  { images, pairs }: PairBatch,
  random: SeededRandom,
): { loss: number; gradients: Float32Array[] } {
  // Passed out through a variable, because tidy() walks every element of what its function returns.
  let result: { loss: number; gradients: Float32Array[] } | undefined;
  tf.tidy(() => {
    const features = photoFeatures(cache, images);
    const masksOf = (layout: PrefixLayout) => ({
      image: dropoutMask([captionCount(pairs), shape.features], articleDropout, random),
      words: dropoutMask([layout.ids.length, shape.embedding], articleDropout, random),
    });
    const { value, grads } = tf.variableGrads(
      () => prefixLoss(weights, shape, features, pairs, masksOf),
      [...variables],
    );
    const gradients = variables.map((variable) => grads[variable.name]!.dataSync() as Float32Array);
    result = { loss: value.dataSync()[0]!, gradients };
  });
  return result!;
}

async function save(
  name: "last.ckpt" | "best.ckpt",
  { folder, settings, shape, embedding }: ArticleTrainOptions,
  optimiser: AdamW,
  progress: Progress,
): Promise<void> {
  const arrays = new Map<string, Float32Array>([["embedding", embedding]]);
  for (const { name: weight, value, first, second } of optimiser.slots) {
    arrays.set(weight, value).set(`${weight}/first`, first).set(`${weight}/second`, second);
  }
  const meta = {
    preset: "article",
    settings: kept(settings),
    shape,
    step: optimiser.step,
    progress: { ...progress, random: progress.random.state },
    records: progress.records,
  };
  const shapes = new Map(optimiser.slots.map(({ name, shape }) => [name, shape]));
  await writeCheckpoint(join(folder, name), { meta, arrays }, shapes);
}
