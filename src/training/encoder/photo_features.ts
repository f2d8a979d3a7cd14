import { EdgecapError } from "../../errors.ts";

/** Feature grids of photos, by name. */
export interface PhotoGrids {
  /** Regions of a grid, and features of a region. */
  readonly index: { readonly regions: number; readonly features: number };
  has(image: string): boolean;
  /** Views that there are of a photo, the first of the photo as it is. */
  viewsOf(image: string): number;
  /** Reads one grid into `target` from `offset` on; regions * features elements. */
  read(image: string, view: number, target: Float32Array, offset: number): void;
}

/** A cache, and the names that its photos go by among those of others. */
export interface NamedCache {
  /** Stands before each name of the cache: `coco/`. */
  readonly prefix: string;
  readonly cache: PhotoGrids & Disposable;
}

/**
 * Several caches as one. A photo's name says which it is in by what it begins with.
 *
 * @throws {EdgecapError} `data-invalid` if their grids differ in size.
 */
export class JoinedCaches implements PhotoGrids, Disposable {
  readonly index: { readonly regions: number; readonly features: number };
  readonly #caches: readonly NamedCache[];

  /** @param caches Of one encoder; disposed of with this. */
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
