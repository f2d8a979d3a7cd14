import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { AdamW, type AdamWSlot } from "./adamw.ts";
import { type AttentionBatch, type AttentionMasks, attentionLoss, wantedPositions } from "./attention_loss.ts";
import { type AttentionShape, type AttentionWeights, attentionWeights } from "./attention_model.ts";
import { type BatchArrays, type EncodedPhoto, photoBatch } from "./batches.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { dropoutMask } from "./dropout.ts";
import { shouldStop } from "./early_stopping.ts";
import type { FeatureCache } from "./feature_cache.ts";
import { greedyCaptions } from "./greedy_captions.ts";
import { cosineLearningRate } from "./learning_rate.ts";
import { type RandomState, SeededRandom } from "./seeded_random.ts";
import { tf } from "./tensorflow.ts";

/** Settings of a training run of the attention preset; all are kept in its checkpoints. */
export interface AttentionSettings {
  readonly units: number;
  readonly embedding: number;
  readonly epochs: number;
  readonly photosPerStep: number;
  readonly captionsPerPhoto: number;
  readonly maxWords: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly dropoutValues: number;
  readonly dropoutWords: number;
  readonly dropoutMixed: number;
  readonly seed: number;
}

/** Settings that gave the shipped model. */
export const attentionDefaults: AttentionSettings = {
  units: 512,
  embedding: 300,
  epochs: 7,
  photosPerStep: 16,
  captionsPerPhoto: 5,
  maxWords: 20,
  learningRate: 7e-4,
  warmupSteps: 200,
  weightDecay: 0.01,
  labelSmoothing: 0.1,
  dropoutValues: 0.1,
  dropoutWords: 0.2,
  dropoutMixed: 0.4,
  seed: 1,
};

/** What an epoch came to. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean smoothed cross-entropy a word, with dropout. */
  readonly loss: number;
  readonly minutes: number;
  readonly captionsPerSecond: number;
  /** What the caller's scoring of the dev captions gave; higher is better. */
  readonly score: number;
}

/** What {@linkcode trainAttention} needs. */
export interface TrainOptions {
  /** Folder of the run: `last.ckpt` and `best.ckpt` are written there. */
  readonly folder: string;
  readonly cache: FeatureCache;
  readonly train: readonly EncodedPhoto[];
  readonly devImages: readonly string[];
  readonly vocabulary: number;
  readonly settings: AttentionSettings;
  /** Vectors that the embeddings of some words start from, by id; the others start at random. */
  readonly wordVectors?: readonly (Float32Array | undefined)[];
  /** Epochs without a better dev score after which training stops; none trains all epochs. */
  readonly patience?: number;
  /** Scores greedy captions of the dev images, in their order; the best score decides `best.ckpt`. */
  readonly score: (captions: readonly Int32Array[], epoch: number) => Promise<number> | number;
  /** Goes on from `last.ckpt`. */
  readonly resume?: boolean;
  readonly onStep?: (done: number, total: number, loss: number) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  readonly signal?: AbortSignal;
}

/**
 * Trains the attention decoder, and returns the record of all epochs.
 *
 * A run killed at any moment and resumed takes the same steps as one that was not: weights, moments and random state
 * are saved together after each epoch.
 *
 * @throws {EdgecapError} `checkpoint-invalid` where `resume` finds a checkpoint of other settings; `aborted`.
 */
export async function trainAttention(options: TrainOptions): Promise<EpochRecord[]> {
  const { settings, cache, train, folder } = options;
  await mkdir(folder, { recursive: true });
  const shape = shapeOf(options);
  const run = await startOrResume(options, shape);
  const { optimiser, random, records } = run;
  const variables = optimiser.slots.map(({ name, shape, value }) =>
    tf.variable(tf.tensor(value, [...shape]), true, `${name}`),
  );
  const weights = Object.fromEntries(
    variables.map((v, i) => [optimiser.slots[i]!.name, v]),
  ) as unknown as AttentionWeights;
  const stepsAnEpoch = Math.ceil(train.length / settings.photosPerStep);
  try {
    for (let epoch = records.length + 1; epoch <= settings.epochs && !stopsEarly(options, records); epoch++) {
      const started = performance.now();
      const order = random.shuffle([...train]);
      let sum = 0;
      for (let step = 0; step < stepsAnEpoch; step++) {
        throwIfAborted(options.signal);
        const photos = order.slice(step * settings.photosPerStep, (step + 1) * settings.photosPerStep);
        const batch = photoBatch(photos, {
          cache,
          captions: settings.captionsPerPhoto,
          maxWords: settings.maxWords,
          random,
        });
        const { loss, gradients } = lossAndGradients(variables, weights, batch, shape, settings, random);
        if (!Number.isFinite(loss))
          throw new EdgecapError("data-invalid", `The loss became ${loss}: lower the learning rate.`);
        const total = settings.epochs * stepsAnEpoch;
        optimiser.apply(
          gradients,
          cosineLearningRate(optimiser.step, total, settings.learningRate, settings.warmupSteps),
        );
        for (const [i, slot] of optimiser.slots.entries()) replace(variables[i]!, slot);
        sum += loss;
        options.onStep?.(step + 1, stepsAnEpoch, sum / (step + 1));
      }
      const seconds = (performance.now() - started) / 1000;
      const captions = greedyCaptions(weights, cache, options.devImages, settings.maxWords);
      const score = await options.score(captions, epoch);
      const best = records.every((record) => record.score < score);
      const record: EpochRecord = {
        epoch,
        loss: sum / stepsAnEpoch,
        minutes: seconds / 60,
        captionsPerSecond: (train.length * settings.captionsPerPhoto) / seconds,
        score,
      };
      records.push(record);
      // The best first: killed between the two, the epoch is done again and writes both.
      if (best) await save(join(folder, "best.ckpt"), run, settings, shape);
      await save(join(folder, "last.ckpt"), run, settings, shape);
      options.onEpoch?.(record);
    }
  } finally {
    for (const variable of variables) variable.dispose();
  }
  return records;
}

function stopsEarly({ patience }: TrainOptions, records: readonly EpochRecord[]): boolean {
  return shouldStop(
    records.map(({ score }) => score),
    patience,
  );
}

interface Run {
  readonly optimiser: AdamW;
  readonly random: SeededRandom;
  readonly records: EpochRecord[];
}

function shapeOf({ cache, settings, vocabulary }: TrainOptions): AttentionShape {
  const { regions, features } = cache.index;
  return { regions, features, units: settings.units, embedding: settings.embedding, vocabulary };
}

async function startOrResume(options: TrainOptions, shape: AttentionShape): Promise<Run> {
  const { settings, folder } = options;
  const path = join(folder, "last.ckpt");
  const random = new SeededRandom(settings.seed);
  const adam = { weightDecay: settings.weightDecay };
  if (!(options.resume === true && existsSync(path))) {
    const slots = firstSlots(shape, random);
    const embedding = slots.find(({ name }) => name === "embedding")!.value;
    for (const [id, vector] of options.wordVectors?.entries() ?? []) {
      if (vector !== undefined) embedding.set(vector, id * shape.embedding);
    }
    return { optimiser: new AdamW(slots, adam), random, records: [] };
  }
  const { meta, arrays } = await readCheckpoint(path);
  if (JSON.stringify([meta["settings"], meta["shape"]]) !== JSON.stringify([settings, shape])) {
    throw new EdgecapError(
      "checkpoint-invalid",
      `"${path}" was made with other settings: resume with those, or use another folder.`,
    );
  }
  const slots = attentionWeights(shape).map(({ name, shape: weightShape }) => ({
    name,
    shape: weightShape,
    value: arrays.get(name)!,
    first: arrays.get(`${name}/first`)!,
    second: arrays.get(`${name}/second`)!,
  }));
  const optimiser = new AdamW(slots, adam);
  optimiser.step = meta["step"] as number;
  return {
    optimiser,
    random: new SeededRandom(meta["random"] as unknown as RandomState),
    records: [...(meta["records"] as EpochRecord[])],
  };
}

function firstSlots(shape: AttentionShape, random: SeededRandom): AdamWSlot[] {
  return attentionWeights(shape).map(({ name, shape: weightShape, fanIn, deviation, forgetBias }) => {
    const length = weightShape.reduce((product, side) => product * side, 1);
    const value = new Float32Array(length);
    const spread = deviation ?? (fanIn === undefined ? 0 : 1 / Math.sqrt(fanIn));
    if (spread > 0) for (let i = 0; i < length; i++) value[i] = spread * random.normal();
    if (forgetBias === true) value.fill(1, length / 4, length / 2);
    return { name, shape: weightShape, value, first: new Float32Array(length), second: new Float32Array(length) };
  });
}

function lossAndGradients(
  variables: readonly tf.Variable[],
  weights: AttentionWeights,
  arrays: BatchArrays,
  shape: AttentionShape,
  settings: AttentionSettings,
  random: SeededRandom,
): { loss: number; gradients: Float32Array[] } {
  // Handed out by a variable: tidy() walks every element of what its function returns.
  let result: { loss: number; gradients: Float32Array[] } | undefined;
  tf.tidy(() => {
    const batch: AttentionBatch = {
      ...arrays,
      grid: tf.tensor3d(arrays.grid, [arrays.photos, shape.regions, shape.features]),
    };
    const masks: AttentionMasks = {
      values: dropoutMask([arrays.photos, shape.regions, shape.units], settings.dropoutValues, random),
      words: dropoutMask([arrays.inputs.length, shape.embedding], settings.dropoutWords, random),
      mixed: dropoutMask([wantedPositions(batch).positions.length, shape.units], settings.dropoutMixed, random),
    };
    const { value, grads } = tf.variableGrads(
      () => attentionLoss(weights, batch, settings.labelSmoothing, masks),
      [...variables],
    );
    const gradients = variables.map((variable) => grads[variable.name]!.dataSync() as Float32Array);
    result = { loss: value.dataSync()[0]!, gradients };
  });
  return result!;
}

function replace(variable: tf.Variable, slot: AdamWSlot): void {
  const next = tf.tensor(slot.value, [...slot.shape]);
  variable.assign(next);
  next.dispose();
}

async function save(path: string, run: Run, settings: AttentionSettings, shape: AttentionShape): Promise<void> {
  const arrays = new Map<string, Float32Array>();
  for (const { name, value, first, second } of run.optimiser.slots) {
    arrays.set(name, value).set(`${name}/first`, first).set(`${name}/second`, second);
  }
  const meta = { settings, shape, step: run.optimiser.step, random: run.random.state, records: run.records };
  await writeCheckpoint(path, { meta, arrays });
}
