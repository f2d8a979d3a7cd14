import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { imagenetClasses, type Noun, NounFinder, parseNouns } from "../../src/concepts/noun_table.ts";
import { SeededRandom } from "../../src/dataset/seeded_random.ts";
import { chooseClasses, takeClasses } from "../../src/training/concepts/choose_classes.ts";
import { firstClassWeights } from "../../src/training/concepts/class_weights.ts";
import type { Classifier } from "../../src/training/concepts/classifier.ts";
import type { HeadExamples } from "../../src/training/concepts/concept_head.ts";
import { conceptTargets } from "../../src/training/concepts/concept_targets.ts";
import { crossFit } from "../../src/training/concepts/cross_fit.ts";
import { regressLogits } from "../../src/training/concepts/logit_regression.ts";
import { nounVectors } from "../../src/training/concepts/noun_vectors.ts";
import { photoMeans } from "../../src/training/concepts/photo_means.ts";
import type { PhotoGrids } from "../../src/training/encoder/photo_grids.ts";
import type { CollectionData, PhotoCollection } from "../../src/training/run/run_collections.ts";
import type { MixedConcepts } from "../../src/training/run/train_mixed.ts";
import { readWordVectors, vectorsPackage } from "../../src/training/words/word_vectors.ts";
import { classesFile, classProbabilities, imagenetHead, imagenetProbabilities } from "./imagenet_classes.ts";

/** Number of a photo's likeliest nouns that the decoder looks at. */
const slots = 8;
const seed = 1;

/** Photos without captions; ImageNet's network says what they show. */
export interface PlainPhotos {
  readonly name: string;
  readonly folder: string;
  readonly images: readonly string[];
}

/** Options of {@linkcode fitConcepts}. */
export interface FitConceptsOptions {
  readonly collections: readonly PhotoCollection[];
  readonly data: CollectionData;
  readonly plain?: PlainPhotos | undefined;
  /** Features of all of them. */
  readonly grids: PhotoGrids;
  /** Folder that stores the output of ImageNet's network. */
  readonly run: string;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

/** Output of ImageNet's own head for features, by noun, [examples, nouns]. */
function nounProbabilities(head: Classifier, means: Float32Array, nouns: readonly Noun[]): Float32Array {
  const features = head.kernel.length / imagenetClasses;
  const rows = means.length / features;
  const found = new Float32Array(rows * nouns.length);
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const part = means.subarray(start * features, Math.min(rows, start + rowsAtOnce) * features);
    const classes = classProbabilities(head, part);
    for (let row = 0; row < part.length / features; row++) {
      const own = classes.subarray(row * imagenetClasses, (row + 1) * imagenetClasses);
      for (const [noun, { classes: numbers }] of nouns.entries()) {
        const sum = numbers.reduce((total, number) => total + own[number]!, 0);
        found[(start + row) * nouns.length + noun] = Math.min(1, sum);
      }
    }
  }
  return found;
}

/** Examples that are processed together. */
const rowsAtOnce = 2000;

/** The nouns that the head looks for. */
export async function everydayNouns(): Promise<Noun[]> {
  return parseNouns(await readFile(fileURLToPath(new URL("../../src/concepts/nouns.txt", import.meta.url)), "utf8"));
}

/**
 * Fits the head that names what a photo shows. It learns from the nouns of people's captions, and from what ImageNet's
 * original network sees.
 *
 * @returns The head with the nouns' vectors, and for each training photo the output of a head that has not seen it.
 */
export async function fitConcepts(options: FitConceptsOptions): Promise<MixedConcepts> {
  const nouns = await everydayNouns();
  const finder = new NounFinder(nouns);
  const captioned = options.collections.map(({ name, images }) => {
    const { train } = options.data.byCollection.get(name)!;
    return {
      ...{ name, folder: images, images: train.map(({ image }) => image) },
      captionsOf: (place: number) => train[place]!.captions.map((tokens) => finder.find(tokens)),
    };
  });
  const groups = [...captioned, ...(options.plain === undefined ? [] : [{ ...options.plain, captionsOf: () => [] }])];
  const classes: Float32Array[] = [];
  for (const { name, folder, images } of groups) {
    const { run, threads, signal } = options;
    const probabilities = await imagenetProbabilities({
      ...{ folder, images, file: classesFile(run, name), threads },
      ...(signal && { signal }),
    });
    for (let i = 0; i < images.length; i++) {
      classes.push(probabilities.subarray(i * imagenetClasses, (i + 1) * imagenetClasses));
    }
  }
  const photos = groups.flatMap(({ name, images, captionsOf }) =>
    images.map((image, place) => ({ image: `${name}/${image}`, captions: captionsOf(place) })),
  );
  const { first, rows, features } = photoMeans(
    photos.map(({ image }) => image),
    options.grids,
  );
  const count = rows.length / features;
  const examples: HeadExamples = {
    ...{ means: rows, features, nouns: nouns.length },
    wanted: new Float32Array(count * nouns.length),
    weights: new Float32Array(count * nouns.length),
  };
  const photoOf: number[] = [];
  for (const [place, { captions }] of photos.entries()) {
    const target = conceptTargets(nouns, { captions, classes: classes[place]! });
    for (let row = first[place]!; row < (first[place + 1] ?? count); row++) {
      examples.wanted.set(target.wanted, row * nouns.length);
      examples.weights.set(target.weights, row * nouns.length);
      photoOf.push(place);
    }
  }
  const imagenet = await imagenetHead();
  const prior = await regressLogits(
    {
      ...{ means: rows, features, nouns: nouns.length, known: (noun: number) => nouns[noun]!.classes.length > 0 },
      probabilities: nounProbabilities(imagenet, rows, nouns),
    },
    new SeededRandom(seed),
    options.signal,
  );
  const chosen = chooseClasses(imagenet, nouns);
  const { head, probabilities } = await crossFit({ ...examples, prior }, photoOf, {
    seed,
    // The original classifier, on the encoder's features, also knows things that no photo here shows.
    classes: { classifier: takeClasses(imagenet, chosen), weights: firstClassWeights(nouns, chosen) },
    signal: options.signal,
  });
  const { dimension, vectors } = await readWordVectors(
    vectorsPackage,
    nouns.flatMap(({ name }) => name.split(" ")),
  );
  return {
    concepts: {
      nouns: nouns.map(({ name, forms }) => ({ name, forms })),
      shape: { nouns: nouns.length, slots, vector: dimension },
      head,
      vectors: nounVectors(nouns, vectors, dimension),
    },
    judged: [{ images: photos.map(({ image }) => image), first, probabilities }],
  };
}
