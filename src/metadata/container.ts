import { EdgecapError } from "../errors.ts";

/** Blocks of metadata in a picture's file; missing ones are `undefined`. */
export interface Blocks {
  /** The XMP packet. */
  readonly xmp: Uint8Array | undefined;
  /** EXIF: a TIFF header with its directories. */
  readonly exif: Uint8Array | undefined;
  /** Photoshop's image resources, which hold IPTC-IIM; only in JPEG. */
  readonly resources: Uint8Array | undefined;
}

/** New blocks: `null` removes one, and blocks that are not named stay. */
export type NewBlocks = { readonly [Name in keyof Blocks]?: Uint8Array | null };

/** A picture's file, taken apart. */
export interface Container extends Blocks {
  readonly format: "JPEG" | "PNG" | "WebP";
  /** XMP that a JPEG holds besides its packet because it is long; it is read, but never changed. */
  readonly extendedXmp?: Uint8Array | undefined;
  /**
   * The file with other blocks. All else stays byte for byte.
   *
   * @throws {EdgecapError} `data-invalid` if a block is too long for the format.
   */
  replace(blocks: NewBlocks): Uint8Array;
}

/** The error for a file that ends early. */
export function truncated(format: string): EdgecapError {
  return new EdgecapError("image-truncated", `The ${format} file ends early: save it again. It was left unchanged.`);
}

/** The error for a damaged file. */
export function corrupt(format: string, why: string): EdgecapError {
  return new EdgecapError("image-corrupt", `The ${format} file is damaged (${why}): save it again.`);
}

/** The error for metadata that cannot be changed. */
export function unchangeable(what: string, why: string): EdgecapError {
  return new EdgecapError("data-invalid", `The ${what} cannot be changed: ${why}. It was left unchanged.`);
}
