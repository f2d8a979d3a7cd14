import type { Failure } from "../batch/results_file.ts";
import type { Concept } from "../concepts/likely_concepts.ts";
import { EdgecapError } from "../errors.ts";
import { writeAtomically } from "../files/atomic_write.ts";
import { readIfThere } from "../files/read_regular.ts";

/** The facts about a picture that are remembered. */
export interface GalleryPicture {
  /** Size in bytes and time of the last change, in milliseconds since 1970: if they differ, the picture has changed. */
  readonly size: number;
  readonly changed: number;
  readonly caption?: string;
  /** The nouns that it shows, likeliest first; empty if none is likely. */
  readonly concepts?: readonly Concept[];
  /** How sure the sentence is, 0 to 1; absent if the bundle cannot tell. */
  readonly confidence?: number;
  /** Why the sentence was left out: the caption is a plain one, or missing. */
  readonly reason?: "unsure" | "too-long";
  /** Why there is no caption, or why it could not be written into the picture or its sidecar. */
  readonly error?: Failure;
  /** Other places to which its caption was written, besides the folder's own files. */
  readonly forms?: readonly string[];
  /** Whether text was left there that edgecap did not write. */
  readonly kept?: true;
}

/** Pictures of a folder by their path in it, with `/` between its parts. */
export type Gallery = ReadonlyMap<string, GalleryPicture>;

/** The file that stores what is known about a folder's pictures, so that unchanged ones are not captioned again. */
interface GalleryFile {
  readonly generator: "edgecap";
  readonly images: Readonly<Record<string, GalleryPicture>>;
}

/**
 * Reads what is known about a folder's pictures; empty if there is no file.
 *
 * @throws {EdgecapError} `data-invalid` if the file is not edgecap's, or names what lies outside the folder;
 *   `file-unreadable`.
 */
export async function readGallery(path: string): Promise<Map<string, GalleryPicture>> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return new Map();
  let images: [string, unknown][];
  try {
    const file = JSON.parse(new TextDecoder().decode(bytes)) as Partial<GalleryFile> | null;
    if (file?.generator !== "edgecap") throw new Error("it is not edgecap's");
    if (typeof file.images !== "object" || file.images === null) throw new Error("it lists no pictures");
    images = Object.entries(file.images);
  } catch (cause) {
    throw foreign(path, cause);
  }
  return new Map(
    images.map(([name, picture]) => {
      if (isInside(name) && isPicture(picture)) return [name, picture];
      throw new EdgecapError(
        "data-invalid",
        `"${path}" has an entry for ${JSON.stringify(name)} that edgecap did not write: remove the entry, or remove the file to caption all again.`,
      );
    }),
  );
}

/** Whether a name leads to a file below the folder; nothing outside it may be written or removed. */
function isInside(name: string): boolean {
  const parts = name.split("/");
  return !/[\0\\]|^[a-z]:/i.test(name) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function isConcept(value: unknown): value is Concept {
  const { name, probability } = (value ?? {}) as Partial<Record<keyof Concept, unknown>>;
  return typeof name === "string" && typeof probability === "number";
}

function isPicture(value: unknown): value is GalleryPicture {
  const { size, changed, caption, error, concepts, confidence, reason, forms, kept } = (value ?? {}) as Partial<
    Record<keyof GalleryPicture, unknown>
  >;
  const { code, message } = (error ?? {}) as Partial<Record<keyof Failure, unknown>>;
  return (
    [size, changed].every((number) => typeof number === "number") &&
    (caption === undefined || typeof caption === "string") &&
    (error === undefined || (typeof code === "string" && typeof message === "string")) &&
    (concepts === undefined || (Array.isArray(concepts) && concepts.every(isConcept))) &&
    (confidence === undefined || typeof confidence === "number") &&
    (reason === undefined || reason === "unsure" || reason === "too-long") &&
    (forms === undefined || (Array.isArray(forms) && forms.every((form) => typeof form === "string"))) &&
    (kept === undefined || kept === true)
  );
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

/** The error for a file that edgecap would have to replace but did not write. */
export function foreign(path: string, cause?: unknown): EdgecapError {
  return new EdgecapError(
    "data-invalid",
    `"${path}" was not written by edgecap, so it was left unchanged: move it away, or choose another form with --write.`,
    { cause },
  );
}
