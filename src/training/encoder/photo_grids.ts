import { EdgecapError } from "../../errors.ts";

/** Feature grids of photos, by name. */
export interface PhotoGrids {
  /** Regions of a grid, and features of a region. */
  readonly index: { readonly regions: number; readonly features: number };
  has(image: string): boolean;
  /** Number of views of a photo; the first is the unchanged photo. */
  viewsOf(image: string): number;
  /** Reads one grid into `target` from `offset`: regions * features elements. */
  read(image: string, view: number, target: Float32Array, offset: number): void;
}

/** A cache, and the prefix of its photos' names among those of other caches. */
export interface NamedCache {
  /** Prefix of each name of the cache: `coco/`. */
  readonly prefix: string;
  readonly cache: PhotoGrids & Disposable;
}

/**
 * Several caches as one. The prefix of a photo's name says which cache holds it.
 *
 * @throws {EdgecapError} `data-invalid` if their grids differ in size.
 */
export class JoinedCaches implements PhotoGrids, Disposable {
  readonly index: { readonly regions: number; readonly features: number };
  readonly #caches: readonly NamedCache[];

  /** @param caches Caches of one encoder; disposed of with this object. */
  constructor(caches: readonly NamedCache[]) {
    this.#caches = caches;
    const { regions, features } = caches[0]!.cache.index;
    for (const { prefix, cache } of caches) {
      if (cache.index.regions === regions && cache.index.features === features) continue;
      throw new EdgecapError(
        "data-invalid",
        `The features of "${prefix}" are ${cache.index.regions} x ${cache.index.features}, but the others are ${regions} x ${features}: compute them with one encoder.`,
      );
    }
    this.index = { regions, features };
  }

  /** See {@linkcode PhotoGrids}. */
  has(image: string): boolean {
    return this.#caches.some(({ prefix, cache }) => image.startsWith(prefix) && cache.has(image.slice(prefix.length)));
  }

  /** See {@linkcode PhotoGrids}. */
  viewsOf(image: string): number {
    const { prefix, cache } = this.#find(image);
    return cache.viewsOf(image.slice(prefix.length));
  }

  /** See {@linkcode PhotoGrids}. */
  read(image: string, view: number, target: Float32Array, offset: number): void {
    const { prefix, cache } = this.#find(image);
    cache.read(image.slice(prefix.length), view, target, offset);
  }

  #find(image: string): NamedCache {
    const found = this.#caches.find(
      ({ prefix, cache }) => image.startsWith(prefix) && cache.has(image.slice(prefix.length)),
    );
    if (found !== undefined) return found;
    throw new EdgecapError("data-invalid", `No feature cache holds "${image}": compute its features first.`);
  }

  [Symbol.dispose](): void {
    for (const { cache } of this.#caches) cache[Symbol.dispose]();
  }
}
