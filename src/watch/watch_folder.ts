import { stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { watch } from "chokidar";
import { imageName, inputImages, readImageFile } from "../batch/input_images.ts";
import type { Caption } from "../captioner.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { type GalleryPicture, readGallery, writeGallery } from "./gallery.ts";
import { writeHtmlPage } from "./html_page.ts";
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
  /** Called for each picture that was captioned, failed or left. */
  readonly onPicture?: (image: string, picture: GalleryPicture | undefined) => void;
  /** Called once everything that was there has been worked through. */
  readonly onReady?: () => void;
  readonly signal: AbortSignal;
}

/** A file that has not grown for so long is whole, in milliseconds. */
const wholeMs = 1000;

/**
 * Captions the pictures of a folder and of those in it, then those that come, change or go, until the signal is aborted.
 * Pictures that are captioned and unchanged are not captioned again.
 *
 * @returns How many pictures have no caption, or one in place of a sentence that was less sure than asked.
 * @throws {EdgecapError} `file-unreadable` where there is no such folder; `data-invalid` where a file stands in the place of one that would
 *   be written; `file-unwritable`, `aborted`, `bundle-*`.
 */
export async function watchFolder(options: WatchOptions): Promise<number> {
  const { form, once, signal } = options;
  const folder = resolve(options.folder);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new EdgecapError("file-unreadable", `There is no folder "${options.folder}".`);
  }
  const known = join(folder, form === "json" ? "captions.json" : `.edgecap-${form}.json`);
  const gallery = await readGallery(known);
  const nameOf = (path: string) => relative(folder, path).split(sep).join("/");

  const write = async (): Promise<void> => {
    await writeGallery(known, gallery);
    if (form === "html") await writeHtmlPage(join(folder, "index.html"), basename(folder), gallery);
  };
  const update = async (path: string): Promise<void> => {
    throwIfAborted(signal);
    const name = nameOf(path);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return await remove(name);
    const before = gallery.get(name);
    if (before?.size === found.size && before.changed === found.mtimeMs) return;
    const picture = { size: found.size, changed: found.mtimeMs, ...(await captionOf(path, options)) };
    gallery.set(name, picture);
    await write();
    options.onPicture?.(name, picture);
  };
  const remove = async (name: string): Promise<void> => {
    if (!gallery.delete(name)) return;
    if (form === "xmp") await removeXmpSidecar(join(folder, name));
    await write();
    options.onPicture?.(name, undefined);
  };
  const failed = () =>
    [...gallery.values()].filter(({ caption, reason }) => caption === undefined || reason === "unsure").length;

  if (!once) await follow(folder, { update, remove: (path) => remove(nameOf(path)) }, gallery, options);
  else {
    const there = new Set<string>();
    for await (const path of inputImages([folder], Readable.from([]))) {
      there.add(nameOf(path));
      await update(path);
    }
    for (const name of [...gallery.keys()]) if (!there.has(name)) await remove(name);
    await write();
  }
  return failed();
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
    if (!(error instanceof EdgecapError) || error.code === "file-unwritable" || error.code.startsWith("bundle-"))
      throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

interface Changes {
  update(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Works through what is there and what happens, a picture at a time, until the signal is aborted. */
async function follow(
  folder: string,
  changes: Changes,
  known: ReadonlyMap<string, unknown>,
  { signal, onReady }: WatchOptions,
): Promise<void> {
  let end: () => void = () => {};
  let reject: (cause: unknown) => void = () => {};
  // Node 20 has no Promise.withResolvers().
  const promise = new Promise<void>((resolve, fail) => {
    end = resolve;
    reject = fail;
  });
  let last: Promise<void> = Promise.resolve();
  const next = (work: () => Promise<void>) => {
    last = last.then(work).catch(reject);
  };
  const watcher = watch(folder, {
    ignored: (path, stats) => stats?.isFile() === true && !imageName.test(path),
    awaitWriteFinish: { stabilityThreshold: wholeMs, pollInterval: 100 },
  });
  for (const event of ["add", "change"] as const) watcher.on(event, (path) => next(() => changes.update(path)));
  watcher.on("unlink", (path) => next(() => changes.remove(path)));
  watcher.on("error", (cause) => reject(cause));
  watcher.on("ready", () => {
    // What left while nobody watched gives no event: a picture that is not there is removed by update().
    for (const name of known.keys()) next(() => changes.update(join(folder, name)));
    next(async () => onReady?.());
  });
  const stop = () => end();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await promise;
    await last;
  } finally {
    signal.removeEventListener("abort", stop);
    await watcher.close();
  }
}
