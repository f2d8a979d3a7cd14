import type { Caption } from "../../../../src/caption/caption.ts";
import { Photo } from "../../../../src/server/page/client/photo.ts";

/** A photo of the page, as one that was chosen. */
export function photoOf(path: string): Photo {
  return new Photo({ file: new File(["a picture"], path, { lastModified: 1 }), path, format: "JPEG" });
}

/** A caption of the server. */
export function captionOf(caption: string, more: Partial<Caption> = {}): Caption {
  const timing = { imageMs: 1, encodeMs: 1, generateMs: 1 };
  return { caption, logProbability: -1, words: [], alternatives: [], concepts: [], timing, ...more };
}
