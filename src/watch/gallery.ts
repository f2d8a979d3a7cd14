import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Failure } from "../batch/results_file.ts";
import type { Concept } from "../concepts/likely_concepts.ts";
import { EdgecapError, unwritable } from "../errors.ts";

/** What is known of a picture. */
export interface GalleryPicture {
  /** Size in bytes and time of the last change, in milliseconds since 1970: a picture of others is another picture. */
  readonly size: number;
  readonly changed: number;
  readonly caption?: string;
  /** What it shows, the likeliest first; empty if nothing is likely. */
  readonly concepts?: readonly Concept[];
  /** How sure the sentence is, 0 to 1; absent if the bundle cannot tell. */
  readonly confidence?: number;
  /** The sentence was less sure than asked: the caption is a plain one, or missing. */
  readonly reason?: "unsure";
  /** Why it has none. */
  readonly error?: Failure;
}

/** Pictures of a folder by their path in it, with `/` between its parts. */
export type Gallery = ReadonlyMap<string, GalleryPicture>;

/** The file that says what is known of a folder's pictures: what is unchanged is not captioned again. */
interface GalleryFile {
  readonly generator: "edgecap";
  readonly images: Readonly<Record<string, GalleryPicture>>;
}

/**
 * Reads what is known of a folder's pictures; nothing where there is no file.
 *
 * @throws {EdgecapError} `data-invalid` where the file is not edgecap's; `file-unreadable`.
 */
export async function readGallery(path: string): Promise<Map<string, GalleryPicture>> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new EdgecapError("file-unreadable", `Cannot read "${path}": ${cause.message}.`, { cause });
  });
  if (text === undefined) return new Map();
  try {
    const file = JSON.parse(text) as GalleryFile;
    if (file.generator !== "edgecap") throw new Error("it is not edgecap's");
    return new Map(Object.entries(file.images));
  } catch (cause) {
    throw foreign(path, cause);
  }
}

/** Writes what {@linkcode readGallery} reads. */
export async function writeGallery(path: string, gallery: Gallery): Promise<void> {
  const file: GalleryFile = { generator: "edgecap", images: Object.fromEntries(sorted(gallery)) };
  await writeAtomically(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** The pictures by their paths. */
export function sorted(gallery: Gallery): [string, GalleryPicture][] {
  return [...gallery].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The caption as a sentence begins. */
export function altText(caption: string): string {
  return caption.charAt(0).toUpperCase() + caption.slice(1);
}

/**
 * Replaces a file as a whole.
 *
 * @throws {EdgecapError} `file-unwritable`
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw unwritable(path, cause);
  }
}

/** What to throw where a file would have to be replaced that somebody else wrote. */
export function foreign(path: string, cause?: unknown): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `"${path}" was not written by edgecap, and is left as it is: move it away, or choose another form with --write.`,
    { cause },
  );
}
