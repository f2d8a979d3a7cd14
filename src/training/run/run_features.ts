import { createHash } from "node:crypto";
import { join } from "node:path";
import { EdgecapError } from "../../errors.ts";
import type { Encoder } from "../encoder/encoder_graph.ts";
import { FeatureCache } from "../encoder/feature_cache.ts";
import { photoFeatures } from "../encoder/photo_features.ts";
import { namingFiles } from "./run_data.ts";
import type { RunDescription } from "./run_description.ts";

/** Options of {@linkcode devFeatures}. */
export interface DevFeaturesOptions {
  readonly run: string;
  readonly description: RunDescription;
  readonly encoder: Encoder;
  readonly images: readonly string[];
  readonly threads: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Features of a run's dev photos from an encoder: those that training computed if the encoder is the same, otherwise
 * new ones in a folder of the run.
 */
export async function devFeatures(options: DevFeaturesOptions): Promise<FeatureCache> {
  const { run, description, encoder, images } = options;
  const known = openCache(description.features);
  const hash = createHash("sha256").update(encoder.graph).digest("hex");
  if (known !== undefined) {
    if (known.index.encoder === hash && images.every((image) => known.has(image))) return known;
    known[Symbol.dispose]();
  }
  return await photoFeatures({
    photos: { folder: description.images, namedBy: namingFiles(description) },
    images,
    encoder,
    folder: join(run, `dev-features-${encoder.precision}`),
    views: 1,
    threads: options.threads,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
}

/**
 * Features of a run's training photos, as training computed them; `undefined` if that cache is gone. An encoder in
 * another precision gives nearly the same.
 */
export function trainFeatures(description: RunDescription, images: readonly string[]): FeatureCache | undefined {
  const known = openCache(description.features);
  if (known === undefined || images.every((image) => known.has(image))) return known;
  known[Symbol.dispose]();
  return undefined;
}

function openCache(folder: string): FeatureCache | undefined {
  try {
    return FeatureCache.open(folder);
  } catch (error) {
    if (error instanceof EdgecapError) return undefined;
    throw error;
  }
}
