/** A part of a training run: a number of epochs with one objective and one schedule. */
export interface TrainingStage {
  readonly epochs: number;
  /** Largest learning rate; see {@linkcode cosineLearningRate}. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** Number of captions that people wrote, for each photo in a step; photos with more give a random choice. */
  readonly captionsPerPhoto: number;
  readonly labelSmoothing: number;
  /** Share of a photo's regions that other regions of the photo replace, chosen again in each step. */
  readonly replacedRegions: number;
  /**
   * Dropout of the photo's values. If captions are sampled, all masks stay the same at every region and word of a
   * caption; otherwise they are drawn again at each.
   */
  readonly dropoutValues: number;
  /** Dropout of the embedded words. */
  readonly dropoutWords: number;
  /** Dropout of the layer before the vocabulary. */
  readonly dropoutMixed: number;
  /**
   * Share of the weights from before the stage in those that are scored and exported (Wortsman et al., 2022). With half
   * of them, a model that was trained on rewards is less sure of itself, and beams find better captions. 0 for none.
   */
  readonly startShare: number;
  /** Captions without photos in a step, each shown the nouns that it names; 0 for none. */
  readonly texts?: number;
  /** Weight of their cross-entropy beside that of the photos' captions. */
  readonly textWeight?: number;
  /** If given, the model learns from its own captions too. */
  readonly selfCritical?: SelfCriticalSettings;
}

/**
 * Self-critical sequence training: the model learns from its own captions, each judged by how much it beats the others
 * of the same photo.
 */
export interface SelfCriticalSettings {
  /** Captions sampled of each photo, at least 2. */
  readonly samples: number;
  /** Sampled captions stop after this many words. */
  readonly maxWords: number;
  /**
   * Temperature that they are drawn at. At 1, the probability that label smoothing leaves to unlikely words spoils most
   * captions of ten words.
   */
  readonly temperature: number;
  /** Weight of the cross-entropy of captions that people wrote, which keeps captions fluent. */
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
   * Decay per step of the moving average of the weights (Polyak and Juditsky, 1992). This average is scored and
   * exported, and the next stage starts from it. With 0 it is the weights themselves.
   */
  readonly averaging: number;
  /** If the encoder's last stage learns too, the factor of the learning rate for its weights. */
  readonly lastStageRate: number;
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
  replacedRegions: 0,
  dropoutValues: 0.1,
  dropoutWords: 0.2,
  dropoutMixed: 0.4,
  startShare: 0,
};

const selfCriticalStage: TrainingStage = {
  epochs: 8,
  learningRate: 2e-4,
  warmupSteps: 40,
  captionsPerPhoto: 1,
  labelSmoothing: 0.1,
  // The model memorises its training photos; this makes it as unsure of them as of new ones.
  replacedRegions: 0.5,
  dropoutValues: 0.5,
  dropoutWords: 0.3,
  dropoutMixed: 0.5,
  startShare: 0.5,
  selfCritical: { samples: 5, maxWords: 16, temperature: 0.5, crossEntropyWeight: 0.2, bleuWeight: 1 },
};

/** Settings of the shipped model; docs/training.md lists the alternatives that were tried. */
export const attentionDefaults: AttentionSettings = {
  units: 512,
  embedding: 300,
  photosPerStep: 16,
  maxWords: 20,
  weightDecay: 0.01,
  averaging: 0.998,
  lastStageRate: 0.07,
  seed: 1,
  stages: [crossEntropyStage, selfCriticalStage],
};

/**
 * Settings for training a bundle further, on a few hundred photos. Half of each weight stays as it was, so that the
 * bundle does not forget what it knew (Wortsman et al., 2022).
 */
export const fineTuneDefaults: AttentionSettings = {
  ...attentionDefaults,
  stages: [
    {
      ...crossEntropyStage,
      ...{ epochs: 10, learningRate: 3e-4, warmupSteps: 20, replacedRegions: 0.25, startShare: 0.5 },
      ...{ texts: 32, textWeight: 0.5 },
    },
  ],
};

/** Settings of the shipped model's last run, on the photos of two collections and on captions without photos. */
export const worldDefaults = {
  /** How often an epoch shows a photo of each collection, and one of self-critical training. */
  shares: {
    first: { share: 0.5, selfCriticalShare: 0.4 },
    world: { share: 2, selfCriticalShare: 3 },
  },
  settings: {
    ...attentionDefaults,
    stages: [
      {
        ...crossEntropyStage,
        ...{ epochs: 6, learningRate: 4e-4, warmupSteps: 100, replacedRegions: 0.2 },
        ...{ texts: 64, textWeight: 0.7 },
      },
      {
        ...selfCriticalStage,
        ...{ epochs: 4, texts: 24, textWeight: 0.3 },
      },
    ],
  },
} as const satisfies {
  readonly shares: Readonly<Record<"first" | "world", { readonly share: number; readonly selfCriticalShare: number }>>;
  readonly settings: AttentionSettings;
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
  throw new RangeError(`No stage contains epoch ${epoch}`);
}

/** Numbers of epochs that replace a preset's own. */
export interface EpochChoice {
  /** Epochs of training on captions that people wrote. */
  readonly epochs?: number | undefined;
  /** Epochs of self-critical training. */
  readonly selfCriticalEpochs?: number | undefined;
}

/**
 * The settings with other numbers of epochs: of each kind of stage, the first ones keep their length while epochs are
 * left, and the last one gets the rest.
 */
export function withEpochs(settings: AttentionSettings, choice: EpochChoice): AttentionSettings {
  const written = settings.stages.filter(({ selfCritical }) => selfCritical === undefined);
  const selfCritical = settings.stages.filter((stage) => stage.selfCritical !== undefined);
  return {
    ...settings,
    stages: [...share(written, choice.epochs), ...share(selfCritical, choice.selfCriticalEpochs)],
  };
}

function share(stages: readonly TrainingStage[], epochs: number | undefined): TrainingStage[] {
  let left = epochs ?? stages.reduce((sum, stage) => sum + stage.epochs, 0);
  const shared = stages.map((stage, i) => {
    const taken = i === stages.length - 1 ? left : Math.min(left, stage.epochs);
    left -= taken;
    return { ...stage, epochs: taken };
  });
  return shared.filter((stage) => stage.epochs > 0);
}
