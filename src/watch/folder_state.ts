import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EdgecapError } from "../errors.ts";
import { type Gallery, type GalleryPicture, readGallery, writeGallery } from "./gallery.ts";

const listName = "captions.json";
const hiddenName = ".edgecap.json";
/** Files of earlier versions, in which each form had its own captions. */
const earlierNames = [".edgecap-html.json", ".edgecap-xmp.json"];

/** The facts about a folder's pictures. They are the same for all forms, because all forms come from one caption. */
export interface FolderState {
  /** The pictures for these forms. */
  readonly gallery: Map<string, GalleryPicture>;
  /** The pictures in `captions.json`, if the file exists and will not be written. */
  readonly hints: Gallery;
}

/**
 * Reads what an earlier run stored about a folder's pictures.
 *
 * @param hasList Whether `captions.json` will be written; it is then the list, otherwise `.edgecap.json` is.
 * @throws {EdgecapError} `data-invalid` if a file that would be written is not edgecap's; `file-unreadable`.
 */
export async function readFolderState(folder: string, hasList: boolean): Promise<FolderState> {
  const gallery = new Map<string, GalleryPicture>();
  for (const name of [...earlierNames, hiddenName, ...(hasList ? [listName] : [])])
    for (const [image, picture] of await readGallery(join(folder, name))) {
      const other = gallery.get(image);
      if (other === undefined || other.changed <= picture.changed) gallery.set(image, picture);
    }
  return { gallery, hints: hasList ? new Map() : await readHints(join(folder, listName)) };
}

async function readHints(path: string): Promise<Gallery> {
  try {
    return await readGallery(path);
  } catch (error) {
    // Ignore a list that edgecap did not write, and keep it.
    if (error instanceof EdgecapError && error.code === "data-invalid") return new Map();
    throw error;
  }
}

/** Writes what {@linkcode readFolderState} reads, into one file. @throws {EdgecapError} `file-unwritable` */
export async function writeFolderState(folder: string, hasList: boolean, gallery: Gallery): Promise<void> {
  await writeGallery(join(folder, hasList ? listName : hiddenName), gallery);
  for (const name of [...earlierNames, ...(hasList ? [hiddenName] : [])]) await rm(join(folder, name), { force: true });
}
