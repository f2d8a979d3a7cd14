import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { hasHiddenPart } from "../batch/image_names.ts";
import { readImageFile } from "../batch/input_images.ts";
import { walkFolder } from "../batch/walk_folder.ts";
import type { Caption } from "../caption/caption.ts";
import { EdgecapError, faultOf, throwIfAborted } from "../errors.ts";
import { assertFolder } from "../files/assert_folder.ts";
import { removeAbandoned } from "../files/atomic_write.ts";
import { unreadable } from "../files/read_regular.ts";
import { altText } from "../metadata/alt_text.ts";
import { type MetadataForm, metadataForms } from "../metadata/fields.ts";
import type { SidecarName } from "../metadata/sidecar_names.ts";
import { removeSidecar, type WriteTextOptions, type Written, writeText } from "../metadata/write_text.ts";
import { DelayedWrite } from "./delayed_write.ts";
import { readFolderState, writeFolderState } from "./folder_state.ts";
import { follow } from "./follow.ts";
import type { GalleryPicture } from "./gallery.ts";
import type { GalleryForm } from "./gallery_forms.ts";
import { assertOwnPage, writeHtmlPage } from "./html_page.ts";

/** The part of a caption that is kept. */
export type WatchedCaption = Pick<Caption, "caption" | "concepts" | "confidence" | "reason">;

/** Options of {@linkcode watchFolder}. */
export interface WatchOptions {
  readonly folder: string;
  readonly forms: readonly GalleryForm[];
  /** How metadata is written. By default, XMP goes into a sidecar, `a.jpg.xmp`. */
  readonly metadata?: Omit<WriteTextOptions, "forms">;
  readonly caption: (image: Uint8Array, signal: AbortSignal) => Promise<WatchedCaption>;
  /** Whether to end when all existing pictures are captioned. */
  readonly once: boolean;
  /** Whether to include hidden and system files and folders. Default false. */
  readonly hidden?: boolean;
  /** Called for what cannot be read; it is skipped. */
  readonly onProblem?: (error: EdgecapError) => void;
  /** Called for each picture that was captioned, failed or was removed. */
  readonly onPicture?: (image: string, picture: GalleryPicture | undefined) => void;
  /** Called with what was written, or would be, into a picture or its sidecar. */
  readonly onWritten?: (image: string, written: Written) => void;
  /** Called once all existing pictures are done. */
  readonly onReady?: () => void;
  readonly signal: AbortSignal;
}

/**
 * Captions the pictures of a folder and its subfolders, then follows added, changed and removed ones until the signal
 * is aborted. Unchanged pictures that have a caption are not captioned again.
 *
 * Results are written at once if there are few, and some seconds later if writing takes long; always at the end.
 *
 * @returns How many pictures have no caption, or a plain one because the sentence was less sure or longer than
 *   requested.
 * @throws {EdgecapError} `file-unreadable` if there is no such folder; `data-invalid` if a file stands in the place of
 *   one that would be written; `file-unwritable`, `aborted`, `bundle-*`.
 */
export async function watchFolder(options: WatchOptions): Promise<number> {
  const { forms, once, hidden = false, onProblem = () => {}, signal } = options;
  const metadata = metadataOf(options);
  const folder = resolve(options.folder);
  await assertFolder(options.folder);
  const page = join(folder, "index.html");
  const hasList = forms.includes("json");
  const { gallery, hints } = await readFolderState(folder, hasList);
  if (forms.includes("html")) await assertOwnPage(page);
  await removeAbandoned(folder);
  const nameOf = (path: string) => relative(folder, path).split(sep).join("/");

  const files = new DelayedWrite(async () => {
    if (metadata.dryRun === true) return;
    await writeFolderState(folder, hasList, gallery);
    if (forms.includes("html")) await writeHtmlPage(page, basename(folder), gallery);
  });
  const remove = async (name: string): Promise<void> => {
    if (!gallery.delete(name)) return;
    if (metadata.forms.includes("xmp") && metadata.dryRun !== true)
      await removeSidecar(join(folder, name), metadata.sidecar);
    await files.changed();
    options.onPicture?.(name, undefined);
  };
  const update = async (path: string): Promise<void> => {
    throwIfAborted(signal);
    const name = nameOf(path);
    if (!hidden && hasHiddenPart(name)) return await remove(name);
    const found = await statOrGone(path);
    if (found === "gone") return await remove(name);
    // Results of a picture that cannot be read at the moment are kept.
    if (found instanceof EdgecapError) return onProblem(found);
    const before = [gallery.get(name), hints.get(name)].find(
      (known) => known?.size === found.size && known.changed === found.mtimeMs,
    );
    if (before !== undefined && before === gallery.get(name) && isDone(before, metadata)) return;
    // A list that is only read may contain a failed picture: that picture is tried once for the new list.
    const isCaptioned = before !== undefined && !hasFailed(before);
    const picture = await describe(path, found, isCaptioned ? before : undefined, metadata, options);
    gallery.set(name, picture);
    await files.changed();
    options.onPicture?.(name, picture);
  };
  /** Works through existing pictures and those known from before. */
  const scan = async (onLinkedFolder?: (link: string, target: string) => void, isWhole = async (_: string) => true) => {
    const there = new Set<string>();
    const cleaned = new Set([folder]);
    const walk = { hidden, onProblem, ...(onLinkedFolder && { onLinkedFolder }) };
    for await (const path of walkFolder(folder, walk)) {
      there.add(nameOf(path));
      // A process that was killed while it wrote into a picture left its file beside that.
      const beside = dirname(path);
      if (!cleaned.has(beside)) await removeAbandoned(beside);
      cleaned.add(beside);
      if (await isWhole(path)) await update(path);
    }
    for (const name of [...gallery.keys()]) {
      if (there.has(name)) continue;
      throwIfAborted(signal);
      // Pictures of a folder that cannot be read at the moment are kept.
      const found = await statOrGone(join(folder, name));
      if (found === "gone" || !(found instanceof EdgecapError)) await remove(name);
    }
  };

  let ended = false;
  try {
    if (once) await scan();
    else await follow({ folder, hidden, signal, files, update, remove, nameOf, scan, onReady: options.onReady });
    // A folder without pictures gets its files too.
    await files.changed();
    ended = true;
  } finally {
    // Captions from before a failure are kept; the failure itself is thrown.
    await files.flush().catch((error: unknown) => {
      if (ended) throw error;
    });
  }
  return [...gallery.values()].filter(
    ({ caption, reason, error }) => caption === undefined || reason !== undefined || error !== undefined,
  ).length;
}

/** The system's facts about a file; "gone" only if it really is. */
async function statOrGone(path: string): Promise<{ size: number; mtimeMs: number } | "gone" | EdgecapError> {
  try {
    return await stat(path);
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    return code === "ENOENT" || code === "ENOTDIR" ? "gone" : unreadable(path, cause);
  }
}

/** How metadata is written, with the defaults filled in. */
type MetadataOptions = WriteTextOptions & { readonly sidecar: SidecarName };

function metadataOf({ forms, metadata = {} }: WatchOptions): MetadataOptions {
  const isMetadata = (form: GalleryForm): form is MetadataForm => metadataForms.some((one) => one === form);
  const { sidecar = "darktable", ...rest } = metadata;
  return { ...rest, forms: forms.filter(isMetadata), sidecar };
}

/** Names of the places where metadata goes, as in the list of known pictures. */
function placesOf({ forms, sidecar }: MetadataOptions): string[] {
  return forms.map((form) => (form === "xmp" && sidecar !== "none" ? `xmp:${sidecar}` : form));
}

/** Whether a picture could not be captioned. */
function hasFailed({ caption, reason, error }: GalleryPicture): boolean {
  return caption === undefined && reason === undefined && error !== undefined;
}

/** Whether nothing is left to do for a picture that is unchanged. */
function isDone(picture: GalleryPicture, metadata: MetadataOptions): boolean {
  const { forms = [], kept } = picture;
  if (hasFailed(picture)) return true;
  if (kept === true && metadata.force === true) return false;
  return placesOf(metadata).every((place) => forms.includes(place));
}

/** The facts about a picture after its caption, new or known, was written, or the reason why it was not written. */
async function describe(
  path: string,
  found: { readonly size: number; readonly mtimeMs: number },
  before: GalleryPicture | undefined,
  metadata: MetadataOptions,
  options: WatchOptions,
): Promise<GalleryPicture> {
  let known: GalleryPicture = { size: found.size, changed: found.mtimeMs };
  try {
    const image = await readImageFile(path);
    const { error: _, ...reused } = before ?? { ...known, ...(await captionOf(image, options)) };
    known = reused;
    if (metadata.forms.length === 0) return known;
    const { caption, concepts = [] } = known;
    const text = { caption: caption && altText(caption), keywords: concepts.map(({ name }) => name) };
    // A failed picture is tried again only when it changes.
    known = { ...known, forms: [...new Set([...(known.forms ?? []), ...placesOf(metadata)])] };
    const written = await writeText(path, image, text, metadata);
    options.onWritten?.(path, written);
    const isKept = written.files.some(({ fields }) => fields.some(({ outcome }) => outcome === "kept"));
    const { kept: _kept, ...rest } = known;
    // Not the current size and time, so that a picture that somebody changed in the meantime is captioned again.
    const { picture } = written;
    return {
      ...rest,
      ...(picture && { size: picture.size, changed: picture.mtimeMs }),
      ...(isKept && { kept: true as const }),
      ...(written.error && { error: failure(written.error) }),
    };
  } catch (error) {
    throwIfAborted(options.signal);
    if (!(error instanceof EdgecapError) || faultOf(error.code) === "bundle") throw error;
    return { ...known, error: failure(error) };
  }
}

function failure({ code, message }: EdgecapError): { code: string; message: string } {
  return { code, message };
}

/** The part of a picture's caption that is kept. */
async function captionOf(
  image: Uint8Array,
  { caption, signal }: WatchOptions,
): Promise<Omit<GalleryPicture, "size" | "changed">> {
  const { caption: text, concepts, confidence, reason } = await caption(image, signal);
  return {
    ...(text !== "" && { caption: text }),
    concepts,
    ...(confidence !== undefined && { confidence }),
    ...(reason !== undefined && { reason }),
  };
}
