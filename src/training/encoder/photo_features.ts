import { photoEncoder } from "./encode_photos.ts";
import type { Encoder } from "./encoder_graph.ts";
import { buildFeatureCache, type FeatureCache } from "./feature_cache.ts";
import { type PhotoFolder, pixelsOf } from "./photo_pixels.ts";
import type { PhotoViews } from "./photo_views.ts";

/** Options of {@linkcode photoFeatures}. */
export interface PhotoFeaturesOptions {
  readonly photos: PhotoFolder;
  readonly images: readonly string[];
  readonly encoder: Encoder;
  /** Folder of the cache. */
  readonly folder: string;
  readonly views: PhotoViews;
  /** Number of grids that the encoder gives for each view. Default 1. */
  readonly gridsOfView?: number;
  readonly threads: number;
  readonly onStart?: (detail: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Features of photos, computed unless a finished cache holds them already. */
export async function photoFeatures(options: PhotoFeaturesOptions): Promise<FeatureCache> {
  const { photos, images, encoder, views } = options;
  const { graph, size, regions, features } = encoder;
  await using session = await photoEncoder(encoder, options.threads);
  options.onStart?.(`${images.length} photos${views === 1 ? "" : ` in ${views} views each`}, on ${session.runtime}`);
  // Awaited here: the encoder must outlive the work.
  return await buildFeatureCache({
    folder: options.folder,
    encoder: graph,
    encode: session.encode,
    pixels: (image) => pixelsOf(photos, image, size),
    images,
    size,
    regions,
    features,
    views,
    ...(options.gridsOfView !== undefined && { gridsOfView: options.gridsOfView }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
}
