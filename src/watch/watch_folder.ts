import { stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { hasHiddenPart } from "../batch/image_names.ts";
import { readImageFile } from "../batch/input_images.ts";
import { walkFolder } from "../batch/walk_folder.ts";
import type { Caption } from "../caption/caption.ts";
import { EdgecapError, faultOf, throwIfAborted } from "../errors.ts";
import { unreadable } from "../files/read_regular.ts";
import { removeAbandoned } from "../files/write_whole.ts";
import { DelayedWrite } from "./delayed_write.ts";
import { follow } from "./follow.ts";
import { type GalleryPicture, readGallery, writeGallery } from "./gallery.ts";
import { assertOwnPage, writeHtmlPage } from "./html_page.ts";
import { removeXmpSidecar, writeXmpSidecar } from "./xmp_sidecar.ts";

/** Where captions go: `captions.json`, a sidecar beside each picture, or the page `index.html`. */
export const galleryForms = ["json", "xmp", "html"] as const;

/** See {@linkcode galleryForms}. */
export type GalleryForm = (typeof galleryForms)[number];

/** What is kept of a caption. */
export type WatchedCaption = Pick<Caption, "caption" | "concepts" | "confidence" | "reason">;

/** What {@linkcode watchFolder} needs. */
export interface WatchOptions {
  readonly folder: string;
  readonly form: GalleryForm;
  readonly caption: (image: Uint8Array, signal: AbortSignal) => Promise<WatchedCaption>;
  /** Ends when what is there has been captioned. */
  readonly once: boolean;
  /** Whether hidden and system files and folders are taken too. Default false. */
  readonly hidden?: boolean;
  /** Called with what cannot be looked into, which is passed over. */
  readonly onProblem?: (error: EdgecapError) => void;
  /** Called for each picture that was captioned, failed or left. */
  readonly onPicture?: (image: string, picture: GalleryPicture | undefined) => void;
  /** Called once everything that was there has been worked through. */
  readonly onReady?: () => void;
  readonly signal: AbortSignal;
}

/**
 * Captions the pictures of a folder and of those in it, then those that come, change or go, until the signal is aborted.
 * Pictures that are captioned and unchanged are not captioned again.
 *
 * What is known is written at once where little is known, and some seconds later where a write takes long; always at the end.
 *
 * @returns How many pictures have no caption, or one in place of a sentence that was less sure than asked.
 * @throws {EdgecapError} `file-unreadable` where there is no such folder; `data-invalid` where a file stands in the place of one that would
 *   be written; `file-unwritable`, `aborted`, `bundle-*`.
 */
export async function watchFolder(options: WatchOptions): Promise<number> {
  const { form, once, hidden = false, onProblem = () => {}, signal } = options;
  const folder = resolve(options.folder);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new EdgecapError("file-unreadable", `There is no folder "${options.folder}".`);
  }
  const known = join(folder, form === "json" ? "captions.json" : `.edgecap-${form}.json`);
  const page = join(folder, "index.html");
  const gallery = await readGallery(known);
  if (form === "html") await assertOwnPage(page);
  await removeAbandoned(folder);
  const nameOf = (path: string) => relative(folder, path).split(sep).join("/");

  const files = new DelayedWrite(async () => {
    await writeGallery(known, gallery);
    if (form === "html") await writeHtmlPage(page, basename(folder), gallery);
  });
  const remove = async (name: string): Promise<void> => {
    if (!gallery.delete(name)) return;
    if (form === "xmp") await removeXmpSidecar(join(folder, name));
    await files.changed();
    options.onPicture?.(name, undefined);
  };
  const update = async (path: string): Promise<void> => {
    throwIfAborted(signal);
    const name = nameOf(path);
    if (!hidden && hasHiddenPart(name)) return await remove(name);
    const found = await statOrGone(path);
    if (found === "gone") return await remove(name);
    // What is known of a picture that cannot be looked at now stays.
    if (found instanceof EdgecapError) return onProblem(found);
    const before = gallery.get(name);
    if (before?.size === found.size && before.changed === found.mtimeMs) return;
    const picture = { size: found.size, changed: found.mtimeMs, ...(await captionOf(path, options)) };
    gallery.set(name, picture);
    await files.changed();
    options.onPicture?.(name, picture);
  };
  /** Works through what is there, and through what was there. */
  const scan = async (onLinkedFolder?: (link: string, target: string) => void, isWhole = async (_: string) => true) => {
    const there = new Set<string>();
    const walk = { hidden, onProblem, ...(onLinkedFolder && { onLinkedFolder }) };
    for await (const path of walkFolder(folder, walk)) {
      there.add(nameOf(path));
      if (await isWhole(path)) await update(path);
    }
    for (const name of [...gallery.keys()]) {
      if (there.has(name)) continue;
      throwIfAborted(signal);
      // Pictures of a folder that cannot be read now are kept.
      const found = await statOrGone(join(folder, name));
      if (found === "gone" || !(found instanceof EdgecapError)) await remove(name);
    }
  };

  let ended = false;
  try {
    if (once) await scan();
    else await follow({ folder, hidden, signal, files, update, remove, nameOf, scan, onReady: options.onReady });
    // A folder without pictures has its files too.
    await files.changed();
    ended = true;
  } finally {
    // What was captioned before something went wrong is kept; what went wrong is what counts.
    await files.flush().catch((error: unknown) => {
      if (ended) throw error;
    });
  }
  return [...gallery.values()].filter(({ caption, reason }) => caption === undefined || reason === "unsure").length;
}

/** What the system says of a file: that it is gone only where it is. */
async function statOrGone(path: string): Promise<{ size: number; mtimeMs: number } | "gone" | EdgecapError> {
  try {
    return await stat(path);
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    return code === "ENOENT" || code === "ENOTDIR" ? "gone" : unreadable(path, cause);
  }
}

/** The caption of a picture, or why it has none. Where it goes to a sidecar, it is written there. */
async function captionOf(
  path: string,
  { caption, form, signal }: WatchOptions,
): Promise<Omit<GalleryPicture, "size" | "changed">> {
  try {
    const { caption: text, concepts, confidence, reason } = await caption(await readImageFile(path), signal);
    const known = {
      ...(text !== "" && { caption: text }),
      concepts,
      ...(confidence !== undefined && { confidence }),
      ...(reason !== undefined && { reason }),
    };
    if (form === "xmp") await writeXmpSidecar(path, known);
    return known;
  } catch (error) {
    throwIfAborted(signal);
    if (!(error instanceof EdgecapError) || error.code === "file-unwritable" || faultOf(error.code) === "bundle")
      throw error;
    return { error: { code: error.code, message: error.message } };
  }
}
