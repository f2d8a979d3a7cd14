import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError, throwIfAborted } from "../../errors.ts";
import { createAtomicFile, removeAbandoned, writeAtomically } from "../../files/atomic_write.ts";
import { makeFolder } from "../../files/make_folder.ts";
import { type PhotoViews, viewsOf } from "./photo_views.ts";

/** Index of a feature cache. It is written last, so a cache without it is unfinished. */
export interface FeatureIndex {
  /** Hash of the encoder that computed the features, in hex. */
  readonly encoder: string;
  readonly regions: number;
  readonly features: number;
  /** Number of grids of each photo; the first is of the unchanged photo. */
  readonly views: number;
  readonly images: readonly string[];
  /** SHA-256 of `grids.sums` in hex; caches that were made before grids had check sums lack it. */
  readonly sums?: string;
}

/** Bytes of a grid's check sum: the beginning of its SHA-256. */
const sumLength = 8;

/** Computes feature grids: [regions * features] for each of a batch of RGB photos. */
export type EncodePhotos = (rgb: readonly Uint8Array[]) => Promise<Float32Array>;

/** Options of {@linkcode buildFeatureCache}. */
export interface FeatureCacheOptions {
  /** Folder of the cache; created if it is missing. */
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
  /** Number of grids that the encoder gives for each view; the first is of the unchanged view. Default 1. */
  readonly gridsOfView?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Feature grids of many photos on disk, as 16-bit floats, read one photo at a time. */
export class FeatureCache implements Disposable {
  readonly index: FeatureIndex;
  readonly #folder: string;
  /** Descriptor of the grids' file; undefined once closed. */
  #file: number | undefined;
  readonly #places: ReadonlyMap<string, number>;
  readonly #half: Uint16Array;
  /** Check sums of all grids, one after another; empty if the cache has none. */
  readonly #sums: Uint8Array;
  /** Grids that were found undamaged; each is checked once. */
  readonly #checked: Uint8Array;

  private constructor(folder: string, index: FeatureIndex, file: number, sums: Uint8Array) {
    this.index = index;
    this.#folder = folder;
    this.#file = file;
    this.#places = new Map(index.images.map((image, place) => [image, place]));
    this.#half = new Uint16Array(index.regions * index.features);
    this.#sums = sums;
    this.#checked = new Uint8Array(sums.length / sumLength);
  }

  /**
   * Opens a finished cache.
   *
   * @throws {EdgecapError} `data-invalid` if the cache is unfinished, cut short or damaged.
   */
  static open(folder: string): FeatureCache {
    let index: FeatureIndex;
    try {
      index = parseIndex(readFileSync(join(folder, "index.json"), "utf8"));
    } catch (cause) {
      throw new EdgecapError(
        "data-invalid",
        `"${folder}" does not contain a finished feature cache: compute it again.`,
        {
          cause,
        },
      );
    }
    const grids = index.images.length * index.views;
    const sums = index.sums === undefined ? new Uint8Array() : readSums(folder, grids, index.sums);
    const path = join(folder, "grids.f16");
    let file: number;
    try {
      file = openSync(path, "r");
    } catch (cause) {
      throw damaged(path, `cannot be read (${(cause as Error).message})`, cause);
    }
    const expected = 2 * grids * index.regions * index.features;
    const { size } = fstatSync(file);
    if (size !== expected) {
      closeSync(file);
      throw damaged(path, `has ${size} bytes, but its index says ${expected}`);
    }
    return new FeatureCache(folder, index, file, sums);
  }

  /** Whether the cache holds this image. */
  has(image: string): boolean {
    return this.#places.has(image);
  }

  /** Number of views of a photo, the same for all photos. */
  viewsOf(_image: string): number {
    return this.index.views;
  }

  /**
   * Reads one grid into `target`.
   *
   * @param view 0 for the unchanged photo; see {@linkcode viewsOf}.
   * @param offset First element of `target` to fill; the grid fills regions * features elements.
   * @throws {EdgecapError} `data-invalid` if the cache lacks the image, or the grid's bytes changed after they were
   *   written.
   */
  read(image: string, view: number, target: Float32Array, offset: number): void {
    const place = this.#places.get(image);
    if (place === undefined)
      throw new EdgecapError("data-invalid", `The feature cache lacks "${image}": compute it again.`);
    const bytes = this.#half.byteLength;
    const position = (place * this.index.views + view) * bytes;
    if (this.#file === undefined) throw new RangeError("This feature cache is closed.");
    if (readSync(this.#file, this.#half, 0, bytes, position) !== bytes) {
      throw new EdgecapError("data-invalid", `The feature cache is cut short at "${image}": compute it again.`);
    }
    const grid = place * this.index.views + view;
    if (this.#checked[grid] === 0) {
      const expected = this.#sums.subarray(grid * sumLength, (grid + 1) * sumLength);
      if (!sumOf(new Uint8Array(this.#half.buffer)).equals(expected)) {
        throw damaged(
          join(this.#folder, "grids.f16"),
          `contains features of "${image}" that were damaged after writing`,
        );
      }
      this.#checked[grid] = 1;
    }
    for (let i = 0; i < this.#half.length; i++) target[offset + i] = halfToFloat[this.#half[i]!]!;
  }

  /** Closes the cache; a second call does nothing, as JoinedCaches and its caller may both own it. */
  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
  }
}

/**
 * Computes the features of every image once and opens them; a finished cache of the same encoder and images is reused.
 *
 * @throws {EdgecapError} as reading or encoding an image does, and `file-unwritable` and `aborted`.
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
  await makeFolder(folder);
  const indexPath = join(folder, "index.json");
  if (isOf(index, await readFile(indexPath, "utf8").catch(() => ""))) return FeatureCache.open(folder);
  // Remove leftovers: such a file is as large as the cache, and nobody else writes here.
  await removeAbandoned(folder, 0);
  await using file = await createAtomicFile(join(folder, "grids.f16"));
  const grid = 2 * regions * features;
  const sums = new Uint8Array(sumLength * index.views * images.length);
  let written = 0;
  for (const [done, image] of images.entries()) {
    throwIfAborted(options.signal);
    const rgb = await options.pixels(image);
    const bytes = new Uint8Array(new Float16Array(await options.encode(viewsOf(rgb, size, options.views))).buffer);
    for (let at = 0; at < bytes.length; at += grid, written++) {
      sums.set(sumOf(bytes.subarray(at, at + grid)), written * sumLength);
    }
    await file.write(bytes);
    options.onProgress?.(done + 1, images.length);
  }
  // Otherwise the index of an earlier cache would seem to describe the new grids.
  await rm(indexPath, { force: true });
  await file.finish();
  await writeAtomically(join(folder, "grids.sums"), sums);
  const hash = createHash("sha256").update(sums).digest("hex");
  await writeAtomically(indexPath, JSON.stringify({ ...index, sums: hash }));
  return FeatureCache.open(folder);
}

/** Whether the text of an index, with or without check sums, belongs to these features. */
function isOf(index: FeatureIndex, text: string): boolean {
  try {
    const { sums: _, ...found } = parseIndex(text);
    return JSON.stringify(found) === JSON.stringify(index);
  } catch {
    return false;
  }
}

function parseIndex(text: string): FeatureIndex {
  const index = JSON.parse(text) as Partial<FeatureIndex>;
  const { encoder, regions, features, views, images, sums } = index;
  const isIndex =
    typeof encoder === "string" &&
    [regions, features, views].every((length) => Number.isSafeInteger(length) && length! > 0) &&
    Array.isArray(images) &&
    images.every((image) => typeof image === "string") &&
    (sums === undefined || typeof sums === "string");
  if (!isIndex) throw new Error("it is not an index");
  return index as FeatureIndex;
}

function readSums(folder: string, grids: number, hash: string): Uint8Array {
  const path = join(folder, "grids.sums");
  let sums: Uint8Array;
  try {
    sums = readFileSync(path);
  } catch (cause) {
    throw damaged(path, `cannot be read (${(cause as Error).message})`, cause);
  }
  if (sums.length !== sumLength * grids || createHash("sha256").update(sums).digest("hex") !== hash) {
    throw damaged(path, "is not the one that was written");
  }
  return sums;
}

function sumOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest().subarray(0, sumLength);
}

function damaged(path: string, what: string, cause?: unknown): EdgecapError {
  const message = `"${path}" ${what}: remove the folder to compute the features again.`;
  return new EdgecapError("data-invalid", message, { cause });
}

/** Every 16-bit float's value: a look-up is several times faster than a conversion on each read. */
const halfToFloat: Float32Array = new Float32Array(
  new Float16Array(Uint16Array.from({ length: 65536 }, (_, bits) => bits).buffer),
);
