import { formatOf, headLength } from "./format.ts";

/** A file that was added, with its path from the folder that it came with. */
export interface Incoming {
  readonly file: File;
  readonly path: string;
}

/** A picture that was added. */
export interface Picture extends Incoming {
  readonly format: string;
}

/** Why something that was added is not among the photos: the name of the message that says it. */
export type Reason = "notPicture" | "alreadyHere" | "unreadable" | "emptyFolder";

/** Something that was added but is not among the photos. */
export interface LeftOut {
  readonly path: string;
  readonly reason: Reason;
}

/** The needed part of `FileSystemEntry`. */
export interface Entry {
  readonly name: string;
  readonly fullPath: string;
  readonly isDirectory: boolean;
  file?(done: (file: File) => void, failed: (error: unknown) => void): void;
  createReader?(): { readEntries(done: (entries: Entry[]) => void, failed: (error: unknown) => void): void };
}

/**
 * Collects all dropped files, including those in folders.
 *
 * @param leftOut Gets what cannot be read, and folders without a file.
 */
export async function walk(entries: readonly Entry[], leftOut: LeftOut[]): Promise<Incoming[]> {
  const found: Incoming[] = [];
  for (const entry of entries) {
    const path = entry.fullPath.replace(/^\/+/, "") || entry.name;
    try {
      if (!entry.isDirectory) {
        found.push({ file: await new Promise<File>((done, failed) => entry.file!(done, failed)), path });
        continue;
      }
      const children = await childrenOf(entry);
      if (children.length === 0) leftOut.push({ path: `${path}/`, reason: "emptyFolder" });
      found.push(...(await walk(children, leftOut)));
    } catch {
      leftOut.push({ path, reason: "unreadable" });
    }
  }
  return found;
}

async function childrenOf(folder: Entry): Promise<Entry[]> {
  const reader = folder.createReader!();
  const all: Entry[] = [];
  for (;;) {
    // A browser returns a hundred entries at a time, and none at the end.
    const some = await new Promise<Entry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** Files that were chosen in a dialog or pasted. */
export function chosen(files: Iterable<File & { readonly webkitRelativePath?: string }>): Incoming[] {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/**
 * Selects the pictures, in the order of their paths.
 *
 * @param known Says whether a file of this {@linkcode identity} is among the photos already.
 * @param leftOut Gets all others.
 */
export async function picturesOf(
  incoming: readonly Incoming[],
  known: (identity: string) => boolean,
  leftOut: LeftOut[],
): Promise<Picture[]> {
  const order = new Intl.Collator("en", { numeric: true });
  const sorted = [...incoming].sort((a, b) => order.compare(a.path, b.path));
  const pictures: Picture[] = [];
  const seen = new Set<string>();
  for (const one of sorted) {
    const { file, path } = one;
    const id = identity(one);
    if (known(id) || seen.has(id)) {
      leftOut.push({ path, reason: "alreadyHere" });
      continue;
    }
    seen.add(id);
    try {
      const head = new Uint8Array(await file.slice(0, headLength).arrayBuffer());
      const format = formatOf(head, path, file.type);
      if (format === undefined) leftOut.push({ path, reason: "notPicture" });
      else pictures.push({ file, path, format });
    } catch {
      leftOut.push({ path, reason: "unreadable" });
    }
  }
  return pictures;
}

/** The same for the same file, added in the same way. */
export function identity({ file, path }: Incoming): string {
  return JSON.stringify([path, file.size, file.lastModified]);
}
