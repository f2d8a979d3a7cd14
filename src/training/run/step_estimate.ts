import type { AttentionShape } from "../attention/model.ts";
import { type AttentionSettings, type TrainingStage, totalEpochs } from "../attention/settings.ts";
import { type TensorflowBackend, tf } from "../tensorflow.ts";

/** How long a run will take here. */
export interface RunEstimate {
  /** Speed of the backend, in GFLOP/s. */
  readonly gigaflops: number;
  readonly secondsAStep: number;
  readonly minutes: number;
}

/** Words of a caption, on average. */
const words = 12;
/** Forward, and twice as much backward. */
const passes = 3;
/** Everything except matrix products (the optimiser, copies, softmaxes) takes about as long again. */
const overhead = 2;

/** Floating-point operations of the matrix products of one step of a stage. */
function stepOperations(shape: AttentionShape, stage: TrainingStage, photosPerStep: number): number {
  const { regions, features, units, embedding, vocabulary } = shape;
  const ofPhoto = regions * (features * units + units * units);
  const ofWord =
    embedding * 4 * units +
    units * 6 * units +
    units * 4 * units +
    (2 * units + embedding) * units +
    units * vocabulary;
  const samples = stage.selfCritical?.samples ?? 0;
  // Samples are drawn first, which is one more forward pass.
  const captions = photosPerStep * (stage.captionsPerPhoto + samples * (1 + 1 / passes)) + (stage.texts ?? 0);
  return 2 * passes * (photosPerStep * ofPhoto + captions * words * ofWord);
}

/**
 * Estimates how long a run takes from a few matrix products, half a second of work. Accurate to a factor of two.
 *
 * @param photosAnEpoch Number of photos that an epoch shows.
 */
export async function estimateRun(
  shape: AttentionShape,
  settings: AttentionSettings,
  photosAnEpoch: number,
): Promise<RunEstimate> {
  const operationsASecond = await measureProducts(shape.units);
  const steps = Math.ceil(photosAnEpoch / settings.photosPerStep);
  let seconds = 0;
  for (const stage of settings.stages) {
    seconds +=
      stage.epochs * steps * ((overhead * stepOperations(shape, stage, settings.photosPerStep)) / operationsASecond);
  }
  return {
    gigaflops: operationsASecond / 1e9,
    secondsAStep: seconds / Math.max(1, totalEpochs(settings) * steps),
    minutes: seconds / 60,
  };
}

/** Operations per second of a matrix product as large as those of a step. */
async function measureProducts(units: number): Promise<number> {
  const rows = 400;
  const a = tf.randomUniform<tf.Rank.R2>([rows, units]);
  const b = tf.randomUniform<tf.Rank.R2>([units, 4 * units]);
  const once = async () => {
    const product = tf.matMul(a, b);
    await product.data();
    product.dispose();
  };
  try {
    // The first run compiles kernels or warms caches for the others.
    await once();
    const started = performance.now();
    let rounds = 0;
    while (rounds < 3 || performance.now() - started < 300) {
      await once();
      rounds++;
    }
    return (rounds * 2 * rows * units * 4 * units * 1000) / (performance.now() - started);
  } finally {
    tf.dispose([a, b]);
  }
}

/** Below this speed, in GFLOP/s, a faster backend is recommended. */
const slow = 40;

/** An estimate as a sentence, with advice on what would be faster. */
export function estimateLine({ gigaflops, secondsAStep, minutes }: RunEstimate, backend: TensorflowBackend): string {
  const length = minutes < 90 ? `${Math.max(1, Math.round(minutes))} minutes` : `${(minutes / 60).toFixed(1)} hours`;
  const faster =
    backend === "tensorflow" || gigaflops >= slow
      ? ""
      : ". The package @tensorflow/tfjs-node is several times faster: install and build it (scripts/model/setup_tfjs_node.sh in a checkout), or give --backend webgpu";
  return `${backend} computes ${gigaflops.toFixed(0)} GFLOP/s here: about ${secondsAStep.toFixed(1)} s per step, ${length} in total${faster}`;
}
