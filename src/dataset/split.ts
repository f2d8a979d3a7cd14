import { EdgecapError } from "../errors.ts";
import { SeededRandom } from "./seeded_random.ts";

/** How {@linkcode randomSplit} divides. */
export interface SplitOptions {
  /** Training images. Default 7,000. */
  readonly train?: number;
  /** Dev images. Default 1,000. */
  readonly dev?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Names of images in three disjoint parts. */
export interface Split {
  readonly train: readonly string[];
  readonly dev: readonly string[];
  /** The remaining images. */
  readonly rest: readonly string[];
}

/**
 * Divides images at random. All captions of an image stay together, so no image is in two parts. The
 * same images and seed give the same parts, whatever the order of the images.
 *
 * @param images Distinct names of images.
 * @throws {EdgecapError} `option-invalid` if a size is not a whole number of at least 0, or both together exceed the
 *   images there are.
 */
export function randomSplit(images: Iterable<string>, options: SplitOptions = {}): Split {
  const { train = 7000, dev = 1000, seed = 0 } = options;
  for (const [name, size] of Object.entries({ train, dev })) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new EdgecapError(
        "option-invalid",
        `The split's ${name} is ${size}. Give a whole number of images, at least 0.`,
      );
    }
  }
  const names = [...new Set(images)].sort();
  if (train + dev > names.length) {
    const message = `Cannot take ${train} training images and ${dev} dev images from ${names.length}. Ask for fewer.`;
    throw new EdgecapError("option-invalid", message);
  }
  new SeededRandom(seed).shuffle(names);
  return { train: names.slice(0, train), dev: names.slice(train, train + dev), rest: names.slice(train + dev) };
}
