import { type DecodedImage, type DecodeOptions, decodeBy, type ImageHeader, probeBy } from "./decode_by.ts";
import { imageModule } from "./image_module.ts";

/**
 * Decodes a picture with edgecap's own files; see {@linkcode decodeBy}.
 *
 * @throws {EdgecapError} `image-empty`, `image-unsupported`, `image-truncated`, `image-corrupt` or `image-too-large`.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<DecodedImage> {
  return await decodeBy(imageModule, bytes, options);
}

/**
 * Reads only a picture's header; see {@linkcode probeBy}.
 *
 * @param maxPixels Most pixels that the picture may have. Default 128 million.
 * @throws {EdgecapError} As {@linkcode decodeImage} does; damage after the header is not noticed.
 */
export async function probeImage(bytes: Uint8Array, maxPixels?: number): Promise<ImageHeader> {
  return await probeBy(imageModule, bytes, maxPixels);
}
