import { join } from "node:path";
import { type RandomState, SeededRandom } from "../../dataset/seeded_random.ts";
import { isOfLastStage } from "../encoder/last_stage.ts";
import { AdamW, type AdamWSlot } from "../optimiser/adamw.ts";
import { cosineLearningRate } from "../optimiser/learning_rate.ts";
import { MovingAverage } from "../optimiser/moving_average.ts";
import { SlotVariables } from "../optimiser/slot_variables.ts";
import { writeCheckpoint } from "../run/checkpoint.ts";
import { assertFinite, checkpointToResume, type EpochOptions, type EpochRecord, trainEpochs } from "../run/epochs.ts";
import { yieldToEvents } from "../yield_to_events.ts";
import type { EncodedPhoto } from "./batches.ts";
import { CaptionReward } from "./caption_reward.ts";
import type { EncodedText } from "./encoded_text.ts";
import { greedyCaptions } from "./greedy_captions.ts";
import { type AttentionShape, type AttentionWeightName, type AttentionWeights, attentionWeights } from "./model.ts";
import type { PhotoReader } from "./photo_reader.ts";
import { type AttentionSettings, stageOf, totalEpochs } from "./settings.ts";
import { trainingStep } from "./training_step.ts";

/** Options of {@linkcode trainAttention}. */
export interface TrainOptions extends EpochOptions {
  /** Reads features and concepts of all photos. */
  readonly photos: PhotoReader;
  readonly train: readonly EncodedPhoto[];
  /** Captions without photos, which stages with `texts` learn from. */
  readonly texts?: readonly EncodedText[];
  readonly vocabulary: number;
  readonly settings: AttentionSettings;
  /**
   * Weights to start from, by name; the others start at random. If they hold the encoder's last stage, it learns
   * too, and the cache holds what enters it.
   */
  readonly start?: ReadonlyMap<string, Float32Array>;
  /** Vectors that the embeddings of some words start from, by id; the others start at random. */
  readonly wordVectors?: readonly (Float32Array | undefined)[];
}

/**
 * Trains the attention decoder, and returns the record of all epochs.
 *
 * A run that is killed at any moment and resumed takes the same steps as an uninterrupted one: weights, their average,
 * moments and random state are saved together after each epoch.
 *
 * @throws {EdgecapError} `checkpoint-invalid` if `resume` finds a checkpoint of other settings; `aborted`.
 */
export async function trainAttention(options: TrainOptions): Promise<EpochRecord[]> {
  const { settings, photos: reader, train, folder, texts = [] } = options;
  const shape = shapeOf(options);
  const run = await startOrResume(options, shape);
  const { optimiser, average, random, records } = run;
  using variables = new SlotVariables(optimiser.slots);
  const weights = variables.byName as unknown as AttentionWeights;
  return await trainEpochs(options, {
    epochs: totalEpochs(settings),
    records,
    train: async (epoch) => {
      const { stage, epoch: epochOfStage } = stageOf(settings, epoch);
      if (epochOfStage === 1) {
        // Only the final weights of the previous stage enter the mix of this one.
        const first = exported(run);
        run.start = stage.startShare > 0 ? { share: stage.startShare, values: first } : undefined;
        average.restart(first);
        optimiser.restart(first);
        variables.load(first);
      }
      const started = performance.now();
      const { selfCritical } = stage;
      const order = epochOrder(train, selfCritical !== undefined, random);
      const stepsAnEpoch = Math.ceil(order.length / settings.photosPerStep);
      const context = {
        ...{ variables: variables.list, weights, shape, settings, photos: reader, random },
        ...(selfCritical && { reward: new CaptionReward(train, selfCritical.bleuWeight) }),
      };
      let sum = 0;
      let rewards = 0;
      for (let step = 0; step < stepsAnEpoch; step++) {
        await yieldToEvents(options.signal);
        const photos = order.slice(step * settings.photosPerStep, (step + 1) * settings.photosPerStep);
        const chosen = Array.from(
          { length: texts.length === 0 ? 0 : (stage.texts ?? 0) },
          () => texts[Math.floor(random.next() * texts.length)]!,
        );
        const { loss, reward, gradients } = trainingStep(photos, chosen, stage, context);
        assertFinite(loss, epoch);
        const total = stage.epochs * stepsAnEpoch;
        optimiser.apply(gradients, cosineLearningRate(optimiser.step, total, stage.learningRate, stage.warmupSteps));
        average.add(optimiser.slots.map(({ value }) => value));
        variables.load();
        sum += loss;
        rewards += reward;
        options.onStep?.(step + 1, stepsAnEpoch, sum / (step + 1), rewards / (step + 1));
      }
      const captionsOfPhoto = stage.captionsPerPhoto + (selfCritical?.samples ?? 0);
      return {
        loss: sum / stepsAnEpoch,
        seconds: (performance.now() - started) / 1000,
        captions: order.length * captionsOfPhoto + stepsAnEpoch * (stage.texts ?? 0),
        ...(selfCritical && { reward: rewards / stepsAnEpoch }),
      };
    },
    caption: () => {
      variables.load(exported(run));
      const captions = greedyCaptions(weights, reader, options.devImages, settings.maxWords);
      variables.load();
      return captions;
    },
    save: (name) => save(join(folder, name), run, settings, shape),
  });
}

interface Run {
  readonly optimiser: AdamW;
  readonly average: MovingAverage;
  /** The weights that the stage began with, if they have a share. */
  start: { readonly share: number; readonly values: readonly Float32Array[] } | undefined;
  readonly random: SeededRandom;
  readonly records: EpochRecord[];
}

/**
 * The photos of an epoch in a random order, each as often as its share says. Rewards need several references, so
 * self-critical stages skip photos with one caption.
 */
function epochOrder(train: readonly EncodedPhoto[], selfCritical: boolean, random: SeededRandom): EncodedPhoto[] {
  const several = train.some(({ captions }) => captions.length > 1);
  const shown = train.flatMap((photo) => {
    const { captions } = photo;
    const share = (selfCritical ? photo.selfCriticalShare : undefined) ?? photo.share ?? 1;
    if (selfCritical && several && captions.length < 2) return [];
    const whole = Math.floor(share);
    const times = whole + (share > whole && random.next() < share - whole ? 1 : 0);
    return Array.from({ length: times }, () => photo);
  });
  return random.shuffle(shown);
}

function shapeOf({ photos, settings, vocabulary, start }: TrainOptions): AttentionShape {
  const { regions, features } = photos.grids.index;
  const { concepts } = photos;
  const lengths = {
    ...{ units: settings.units, embedding: settings.embedding, vocabulary },
    ...(concepts && { concepts: concepts.slots.shape }),
  };
  const made = start?.get("res5c_branch2c_bias")?.length;
  return made === undefined
    ? { regions, features, ...lengths }
    : { regions, features: made, stem: features, ...lengths };
}

/** The factor by which a weight's learning rate differs from that of the others. */
function rateOf(name: AttentionWeightName, { settings }: TrainOptions): number {
  return isOfLastStage(name) ? settings.lastStageRate : 1;
}

async function startOrResume(options: TrainOptions, shape: AttentionShape): Promise<Run> {
  const { settings } = options;
  const random = new SeededRandom(settings.seed);
  const adam = { weightDecay: settings.weightDecay };
  const checkpoint = await checkpointToResume(options, { settings, shape });
  if (checkpoint === undefined) {
    const slots = firstSlots(shape, random, options);
    const embedding = slots.find(({ name }) => name === "embedding")!.value;
    for (const [id, vector] of options.wordVectors?.entries() ?? []) {
      if (vector !== undefined) embedding.set(vector, id * shape.embedding);
    }
    const average = new MovingAverage(
      slots.map(({ value }) => value),
      settings.averaging,
    );
    return { optimiser: new AdamW(slots, adam), average, start: undefined, random, records: [] };
  }
  const { meta, arrays } = checkpoint;
  const slots = attentionWeights(shape).map(({ name, shape: weightShape }) => ({
    name,
    shape: weightShape,
    value: arrays.get(`${name}/value`)!,
    first: arrays.get(`${name}/first`)!,
    second: arrays.get(`${name}/second`)!,
    rate: rateOf(name, options),
  }));
  const optimiser = new AdamW(slots, adam);
  optimiser.step = meta["step"] as number;
  const average = new MovingAverage(
    slots.map(({ name }) => arrays.get(`${name}/average`) ?? arrays.get(name)!),
    settings.averaging,
    meta["averaged"] as number,
  );
  const values = slots.flatMap(({ name }) => arrays.get(`${name}/start`) ?? []);
  const records = [...(meta["records"] as EpochRecord[])];
  return {
    optimiser,
    average,
    start: values.length === 0 ? undefined : { share: stageOf(settings, records.length).stage.startShare, values },
    random: new SeededRandom(meta["random"] as unknown as RandomState),
    records,
  };
}

function firstSlots(shape: AttentionShape, random: SeededRandom, options: TrainOptions): AdamWSlot[] {
  return attentionWeights(shape).map(({ name, shape: weightShape, fanIn, deviation, forgetBias }) => {
    const length = weightShape.reduce((product, side) => product * side, 1);
    const value = new Float32Array(length);
    const spread = deviation ?? (fanIn === undefined ? 0 : 1 / Math.sqrt(fanIn));
    const given = options.start?.get(name);
    if (given !== undefined) value.set(given);
    else if (spread > 0) for (let i = 0; i < length; i++) value[i] = spread * random.normal();
    else if (forgetBias === true) value.fill(1, length / 4, length / 2);
    const moments = { first: new Float32Array(length), second: new Float32Array(length) };
    return { name, shape: weightShape, value, ...moments, rate: rateOf(name, options) };
  });
}

/** The weights that are scored and exported: their average, with the share of those that the stage began with. */
function exported({ average, start }: Run): Float32Array[] {
  return average.values.map((value, i) => {
    const first = start?.values[i];
    return first === undefined ? value.slice() : value.map((x, j) => x + start!.share * (first[j]! - x));
  });
}

/**
 * For each weight: under its own name the exported value, and under a second name the value that training continues
 * from.
 */
async function save(path: string, run: Run, settings: AttentionSettings, shape: AttentionShape): Promise<void> {
  const arrays = new Map<string, Float32Array>();
  const mixed = exported(run);
  for (const [i, { name, value, first, second }] of run.optimiser.slots.entries()) {
    arrays.set(name, mixed[i]!).set(`${name}/value`, value);
    arrays.set(`${name}/first`, first).set(`${name}/second`, second);
    if (run.start !== undefined) {
      arrays.set(`${name}/average`, run.average.values[i]!).set(`${name}/start`, run.start.values[i]!);
    }
  }
  const { optimiser, average, random, records } = run;
  const meta = { settings, shape, step: optimiser.step, averaged: average.steps, random: random.state, records };
  const shapes = new Map(optimiser.slots.map(({ name, shape }) => [name, shape]));
  await writeCheckpoint(path, { meta, arrays }, shapes);
}
