import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { findMention } from "../../dataset/find_mention.ts";
import { EdgecapError } from "../../errors.ts";
import { readRegularFile } from "../../files/read_regular.ts";
import { decodeImage } from "../../image/decode.ts";

/** A folder of photos, and the files that name them. */
export interface PhotoFolder {
  readonly folder: string;
  /** Lists and captions file, for messages. */
  readonly namedBy: readonly string[];
}

/**
 * Checks that every photo exists before hours are spent on the first ones.
 *
 * @throws {EdgecapError} `file-unreadable` naming the first photo that is missing, and the line that names it.
 */
export async function checkPhotos(photos: PhotoFolder, images: readonly string[]): Promise<void> {
  for (const image of images) {
    const path = join(photos.folder, image);
    const found = await stat(path).catch((cause: unknown) => cause);
    if (found instanceof Error) throw await unreadable(photos, image, found);
    // Reading a pipe would never end.
    if (!(found as Stats).isFile()) throw await unreadable(photos, image, "it is not a file");
  }
}

/**
 * Pixels of one photo, size x size x 3.
 *
 * @throws {EdgecapError} `file-unreadable` or `image-*`, naming the photo and the line that names it.
 */
export async function pixelsOf(photos: PhotoFolder, image: string, size: number): Promise<Uint8Array> {
  const path = join(photos.folder, image);
  const bytes = await readRegularFile(path).catch(async (error: EdgecapError) => {
    throw await unreadable(photos, image, error.cause ?? error);
  });
  try {
    return (await decodeImage(bytes, { size })).rgb;
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    const message = `The photo "${path}"${await namedAt(photos, image)} cannot be used: ${error.message}`;
    throw new EdgecapError(error.code, message, { cause: error });
  }
}

async function unreadable(photos: PhotoFolder, image: string, cause: unknown): Promise<EdgecapError> {
  const isMissing = (cause as Partial<NodeJS.ErrnoException>).code === "ENOENT";
  const why = isMissing ? "there is no such file" : String(cause);
  const message = `Cannot read the photo "${join(photos.folder, image)}"${await namedAt(photos, image)}: ${why}. Add it, or remove its lines.`;
  return new EdgecapError("file-unreadable", message, { cause });
}

async function namedAt({ namedBy }: PhotoFolder, image: string): Promise<string> {
  const where = await findMention(image, namedBy);
  return where === undefined ? "" : `, named by ${where},`;
}
