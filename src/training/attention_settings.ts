/** A part of a training run: so many epochs towards one objective, under one schedule. */
export interface TrainingStage {
  readonly epochs: number;
  /** Largest learning rate; see {@linkcode cosineLearningRate}. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Captions that people wrote, of each photo in a step; photos with more give a random choice. */
  readonly captionsPerPhoto: number;
  readonly labelSmoothing: number;
  /** Dropout of the photo's values. */
  readonly dropoutValues: number;
  /** Dropout of the embedded words. */
  readonly dropoutWords: number;
  /** Dropout of the layer before the vocabulary. */
  readonly dropoutMixed: number;
  /** Learns from its own captions too, where given. */
  readonly selfCritical?: SelfCriticalSettings;
}

/** Self-critical sequence training: the model's own captions, each judged by how much it beats its siblings. */
export interface SelfCriticalSettings {
  /** Captions sampled of each photo, at least 2. */
  readonly samples: number;
  /** Sampled captions stop after this many words. */
  readonly maxWords: number;
  /** Weight of the cross-entropy of what people wrote, which keeps captions fluent. */
  readonly crossEntropyWeight: number;
  /** Weight in the reward of the sentence's BLEU-4; CIDEr-D has 1. */
  readonly bleuWeight: number;
}

/** Settings of a training run of the attention preset; all are kept in its checkpoints. */
export interface AttentionSettings {
  readonly units: number;
  readonly embedding: number;
  readonly photosPerStep: number;
  /** Longer captions are cut. */
  readonly maxWords: number;
  readonly weightDecay: number;
  /**
   * Decay a step of the moving average of the weights (Polyak and Juditsky, 1992), which is what is scored, exported, and
   * what the next stage starts from; 0 takes the weights as they are.
   */
  readonly averaging: number;
  readonly seed: number;
  /** Each starts from the averaged weights of the one before, with fresh moments. */
  readonly stages: readonly TrainingStage[];
}

const crossEntropyStage: TrainingStage = {
  epochs: 7,
  learningRate: 7e-4,
  warmupSteps: 200,
  captionsPerPhoto: 5,
  labelSmoothing: 0.1,
  dropoutValues: 0.1,
  dropoutWords: 0.2,
  dropoutMixed: 0.4,
};

/** Settings that gave the shipped model. */
export const attentionDefaults: AttentionSettings = {
  units: 512,
  embedding: 300,
  photosPerStep: 16,
  maxWords: 20,
  weightDecay: 0.01,
  averaging: 0.998,
  seed: 1,
  stages: [
    crossEntropyStage,
    // A second cosine from a higher rate, under more dropout (Loshchilov and Hutter, 2017).
    { ...crossEntropyStage, epochs: 5, learningRate: 5e-4, dropoutValues: 0.2, dropoutWords: 0.3, dropoutMixed: 0.5 },
  ],
};

/** Epochs of all stages. */
export function totalEpochs({ stages }: AttentionSettings): number {
  return stages.reduce((sum, { epochs }) => sum + epochs, 0);
}

/**
 * The stage that an epoch belongs to.
 *
 * @param epoch From 1.
 * @returns The stage, and the epoch counted from the stage's beginning, from 1.
 */
export function stageOf({ stages }: AttentionSettings, epoch: number): { stage: TrainingStage; epoch: number } {
  let before = 0;
  for (const stage of stages) {
    if (epoch <= before + stage.epochs) return { stage, epoch: epoch - before };
    before += stage.epochs;
  }
  throw new RangeError(`No stage holds epoch ${epoch}`);
}
