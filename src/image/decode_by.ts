import { EdgecapError, type ErrorCode } from "../errors.ts";
import { dropImageModule, type ImageModule } from "./image_crate.ts";
import { defaultMaxPixels } from "./max_pixels.ts";

/** How a picture is decoded. */
export interface DecodeOptions {
  /**
   * Size of the result, in pixels: the side of a square or a width and height to squash it to, or a limit for
   * the longer side, which keeps the proportions. A picture of that size is not resampled.
   */
  readonly size: number | PixelSize | { readonly atMost: number };
  /** Most pixels that a picture may have, checked before decoding. Default 128 million. */
  readonly maxPixels?: number;
}

/** Pixels from left to right and from top to bottom. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** A decoded picture. */
export interface DecodedImage {
  /** Red, green, blue, row by row, 3 bytes per pixel. */
  readonly rgb: Uint8Array;
  /** The size of `rgb`. */
  readonly size: PixelSize;
  /** The file's pixels from left to right, before EXIF orientation. */
  readonly width: number;
  /** The file's pixels from top to bottom, before EXIF orientation. */
  readonly height: number;
  /** `jpeg`, `png`, `webp`, `gif` or `bmp`. */
  readonly format: string;
}

/** The facts in a picture's header. */
export type ImageHeader = Omit<DecodedImage, "rgb" | "size">;

/**
 * Decodes a JPEG, PNG, WebP, GIF (first frame) or BMP file: upright by its EXIF or XMP orientation, transparent parts
 * over white, resized by an antialiased bilinear filter. The pixels are the same on every runtime. It uses at most 600
 * MiB of memory, in one instance that is reused; a picture that would need more is refused after reading its header.
 *
 * @param module Gives the crate in crates/image.
 * @throws {EdgecapError} `image-empty`, `image-unsupported`, `image-truncated`, `image-corrupt` or `image-too-large`.
 */
export async function decodeBy(
  module: () => Promise<ImageModule>,
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<DecodedImage> {
  const { maxPixels = defaultMaxPixels, size } = options;
  return withDecoder(module, bytes, maxPixels, ({ decode, decodeWithin }) => {
    using picture =
      typeof size === "number"
        ? decode(bytes, size, size, maxPixels)
        : "width" in size
          ? decode(bytes, size.width, size.height, maxPixels)
          : decodeWithin(bytes, size.atMost, maxPixels);
    const header = headerOf(picture.header);
    return { rgb: picture.takeRgb(), size: { width: picture.width, height: picture.height }, ...header };
  });
}

/**
 * Reads only a picture's header, which takes almost no time, and refuses a file that is clearly not a picture, or too
 * large.
 *
 * @param module Gives the crate in crates/image.
 * @param maxPixels Most pixels that the picture may have. Default 128 million.
 * @throws {EdgecapError} As {@linkcode decodeBy} does; damage after the header is not noticed.
 */
export async function probeBy(
  module: () => Promise<ImageModule>,
  bytes: Uint8Array,
  maxPixels: number = defaultMaxPixels,
): Promise<ImageHeader> {
  return withDecoder(module, bytes, maxPixels, ({ probe }) => {
    const header = headerOf(probe(bytes));
    if (header.width * header.height > maxPixels) throw `too-large: ${header.width} x ${header.height} pixels`;
    return header;
  });
}

function headerOf(header: ReturnType<ImageModule["probe"]>): ImageHeader {
  const { width, height, format } = header;
  header.free();
  return { width, height, format };
}

async function withDecoder<T>(
  start: () => Promise<ImageModule>,
  bytes: Uint8Array,
  maxPixels: number,
  work: (module: ImageModule) => T,
): Promise<T> {
  const module = await start();
  // A buffer that was transferred while the picture waited would make the decoder throw.
  if (bytes.byteLength === 0) throw refusal("empty: no bytes", maxPixels);
  try {
    return work(module);
  } catch (error) {
    if (typeof error === "string") throw refusal(error, maxPixels);
    // The decoder trapped, so its memory cannot be used again.
    dropImageModule();
    throw new EdgecapError("image-corrupt", `The picture is damaged (${String(error)}): save it again.`, {
      cause: error,
    });
  }
}

const refusals: Readonly<Record<string, { code: ErrorCode; say: (why: string, maxPixels: number) => string }>> = {
  empty: { code: "image-empty", say: () => "The picture is empty: the file has no bytes." },
  unsupported: {
    code: "image-unsupported",
    say: (why) => `The picture cannot be read (${why}): convert it to JPEG, or give PNG, WebP, GIF or BMP.`,
  },
  truncated: {
    code: "image-truncated",
    say: (why) => `The picture is incomplete (${why}): download or save it again.`,
  },
  corrupt: { code: "image-corrupt", say: (why) => `The picture is damaged (${why}): save it again.` },
  "too-large": {
    code: "image-too-large",
    say: (why, maxPixels) =>
      `The picture is too large (${why}); the limit is ${maxPixels} pixels: scale it down, or raise maxPixels.`,
  },
  "too-long": {
    code: "image-too-large",
    say: (why) => `A side of the picture is too long (${why}); the limit is 65535: scale it down.`,
  },
  "too-much-memory": {
    code: "image-too-large",
    say: (why) => `The picture takes too much memory (${why}): scale it down, or save it as a JPEG.`,
  },
};

function refusal(text: string, maxPixels: number): EdgecapError {
  const colon = text.indexOf(":");
  const { code, say } = refusals[text.slice(0, colon)] ?? refusals["corrupt"]!;
  return new EdgecapError(code, say(text.slice(colon + 1).trim(), maxPixels));
}
