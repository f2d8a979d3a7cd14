import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError, throwIfAborted, unwritable } from "../errors.ts";
import { type PhotoViews, viewsOf } from "./photo_views.ts";
import { writeWhole } from "./write_whole.ts";

/** What a feature cache holds; written last, so that a cache without it is known to be unfinished. */
export interface FeatureIndex {
  /** Hash of the encoder that computed the features, in hex. */
  readonly encoder: string;
  readonly regions: number;
  readonly features: number;
  /** Grids of each photo, the first of the photo as it is. */
  readonly views: number;
  readonly images: readonly string[];
}

/** Computes feature grids: [regions * features] for each of a batch of RGB photos. */
export type EncodePhotos = (rgb: readonly Uint8Array[]) => Promise<Float32Array>;

/** What {@linkcode buildFeatureCache} needs. */
export interface FeatureCacheOptions {
  /** Folder of the cache; made where it is missing. */
  readonly folder: string;
  /** Bytes of encoder.onnx, whose hash tells whether a cache is still valid. */
  readonly encoder: Uint8Array;
  readonly encode: EncodePhotos;
  /** RGB pixels of an image by its name, size x size x 3. */
  readonly pixels: (image: string) => Promise<Uint8Array>;
  readonly images: readonly string[];
  /** Side of a photo in pixels. */
  readonly size: number;
  readonly regions: number;
  readonly features: number;
  readonly views: PhotoViews;
  /** Grids that the encoder gives of each view, the first of the view as it is. Default 1. */
  readonly gridsOfView?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Feature grids of many photos on disk, as 16-bit floats, read a photo at a time. */
export class FeatureCache implements Disposable {
  readonly index: FeatureIndex;
  readonly #file: number;
  readonly #places: ReadonlyMap<string, number>;
  readonly #half: Uint16Array;

  private constructor(index: FeatureIndex, file: number) {
    this.index = index;
    this.#file = file;
    this.#places = new Map(index.images.map((image, place) => [image, place]));
    this.#half = new Uint16Array(index.regions * index.features);
  }

  /**
   * Opens a finished cache.
   *
   * @throws {EdgecapError} `data-invalid` where the cache is unfinished or cut short.
   */
  static open(folder: string): FeatureCache {
    let index: FeatureIndex;
    try {
      index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as FeatureIndex;
    } catch (cause) {
      throw new EdgecapError("data-invalid", `"${folder}" holds no finished feature cache: compute it again.`, {
        cause,
      });
    }
    const path = join(folder, "grids.f16");
    const file = openSync(path, "r");
    const expected = 2 * index.images.length * index.views * index.regions * index.features;
    const { size } = fstatSync(file);
    if (size !== expected) {
      closeSync(file);
      throw new EdgecapError(
        "data-invalid",
        `"${path}" has ${size} bytes where its index promises ${expected}: remove the folder, and the features are computed again.`,
      );
    }
    return new FeatureCache(index, file);
  }

  /** Whether the cache holds this image. */
  has(image: string): boolean {
    return this.#places.has(image);
  }

  /** Views that there are of a photo: the same of all. */
  viewsOf(_image: string): number {
    return this.index.views;
  }

  /**
   * Reads one grid into `target`.
   *
   * @param view 0 for the photo as it is; see {@linkcode viewsOf}.
   * @param offset First element of `target` to fill; regions * features are.
   */
  read(image: string, view: number, target: Float32Array, offset: number): void {
    const place = this.#places.get(image);
    if (place === undefined)
      throw new EdgecapError("data-invalid", `The feature cache lacks "${image}": compute it again.`);
    const bytes = this.#half.byteLength;
    const position = (place * this.index.views + view) * bytes;
    if (readSync(this.#file, this.#half, 0, bytes, position) !== bytes) {
      throw new EdgecapError("data-invalid", `The feature cache is cut short at "${image}": compute it again.`);
    }
    for (let i = 0; i < this.#half.length; i++) target[offset + i] = halfToFloat[this.#half[i]!]!;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/**
 * Computes the features of every image once and opens them; a finished cache of the same encoder and images is reused.
 *
 * @throws {EdgecapError} whatever reading or encoding an image throws, `file-unwritable` and `aborted`.
 */
export async function buildFeatureCache(options: FeatureCacheOptions): Promise<FeatureCache> {
  const { folder, images, size, regions, features } = options;
  const index: FeatureIndex = {
    encoder: createHash("sha256").update(options.encoder).digest("hex"),
    regions,
    features,
    views: options.views * (options.gridsOfView ?? 1),
    images,
  };
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  const indexPath = join(folder, "index.json");
  if ((await readFile(indexPath, "utf8").catch(() => "")) === JSON.stringify(index)) return FeatureCache.open(folder);
  const partial = join(folder, "grids.f16.partial");
  let file: number;
  try {
    file = openSync(partial, "w");
  } catch (cause) {
    throw unwritable(partial, cause);
  }
  try {
    for (const [done, image] of images.entries()) {
      throwIfAborted(options.signal);
      const rgb = await options.pixels(image);
      const grids = await options.encode(viewsOf(rgb, size, options.views));
      writeAll(file, partial, new Uint8Array(new Float16Array(grids).buffer));
      options.onProgress?.(done + 1, images.length);
    }
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  // An index of the cache that stood here before would vouch for the new grids.
  rmSync(indexPath, { force: true });
  await rename(partial, join(folder, "grids.f16"));
  await writeWhole(indexPath, JSON.stringify(index));
  return FeatureCache.open(folder);
}

/** A disk about to be full takes a part and says so only by a count. */
function writeAll(file: number, path: string, bytes: Uint8Array): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Every 16-bit float's value: a look-up is several times faster than a conversion on each read. */
const halfToFloat: Float32Array = new Float32Array(
  new Float16Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer),
);
