import { opendir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { EdgecapError } from "../errors.ts";
import { unreadable } from "../files/read_regular.ts";
import { imageName, isHidden } from "./image_names.ts";

/** How {@linkcode walkFolder} goes through a folder. */
export interface WalkOptions {
  /** Whether to include hidden and system files and folders. Default false. */
  readonly hidden?: boolean;
  /** Names of the files that are wanted. Default {@linkcode imageName}. */
  readonly name?: RegExp;
  /** Names of folders to skip besides hidden ones. Default none. */
  readonly except?: ReadonlySet<string>;
  /** Whether links to files and folders are followed. Default true. */
  readonly links?: boolean;
  /** Called for what cannot be read; it is skipped. */
  readonly onProblem: (error: EdgecapError) => void;
  /** Called once for each linked folder, with the link and the folder's real path. */
  readonly onLinkedFolder?: (link: string, folder: string) => void;
}

/**
 * Pictures of a folder, including subfolders and linked folders. Each folder is walked once, whatever links lead to it:
 * by its real path if that is inside, otherwise by the first link in the order of names. A link to a folder that
 * contains it, and whatever else cannot be read, is reported and skipped.
 *
 * @returns Paths that begin with `folder`. Pipes and devices of a picture's name are among them: reading one says what
 *   it is.
 */
export async function* walkFolder(folder: string, options: WalkOptions): AsyncGenerator<string, void, undefined> {
  const walked = new Set<string>();
  // Links are walked last, so that the order of a folder's entries does not matter.
  let links: string[] = [];
  yield* walkOwn(folder, options, walked, links);
  while (links.length > 0) {
    const batch = links.sort();
    links = [];
    for (const link of batch) {
      const found = await linkedFolder(link, options);
      if (found === undefined || walked.has(found)) continue;
      options.onLinkedFolder?.(link, found);
      yield* walkOwn(link, options, walked, links);
    }
  }
}

/** Walks a folder and its subfolders, and collects links to folders. */
async function* walkOwn(
  folder: string,
  options: WalkOptions,
  walked: Set<string>,
  links: string[],
): AsyncGenerator<string, void, undefined> {
  const { onProblem, hidden = false, name = imageName, except, links: followed = true } = options;
  const folders: string[] = [];
  try {
    const real = await realpath(folder);
    if (walked.has(real)) return;
    walked.add(real);
    for await (const entry of await opendir(folder)) {
      if (!hidden && isHidden(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!except?.has(entry.name)) folders.push(path);
      } else if (entry.isSymbolicLink()) {
        if (!followed) continue;
        const kind = await kindOfTarget(path, onProblem);
        if (kind === "folder") links.push(path);
        if (kind !== "file" || !name.test(entry.name)) continue;
        yield path;
      } else if (name.test(entry.name)) {
        if (isWellFormed(path, onProblem)) yield path;
      }
    }
  } catch (cause) {
    onProblem(cause instanceof EdgecapError ? cause : unreadable(folder, cause));
  }
  for (const path of folders) if (isWellFormed(path, onProblem)) yield* walkOwn(path, options, walked, links);
}

/** The kind of a link's target; problems are reported. A broken link only matters if it has the name of a picture. */
async function kindOfTarget(path: string, onProblem: WalkOptions["onProblem"]): Promise<"folder" | "file" | undefined> {
  if (!isWellFormed(path, onProblem)) return undefined;
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === "ENOENT") return "file";
    onProblem(unreadable(path, cause));
    return undefined;
  }
}

/** The real path of the folder that a link leads to; a folder that contains the link is reported. */
async function linkedFolder(link: string, { onProblem }: WalkOptions): Promise<string | undefined> {
  try {
    const [target, place] = await Promise.all([realpath(link), realpath(dirname(link))]);
    if (!`${place}${sep}`.startsWith(target.endsWith(sep) ? target : `${target}${sep}`)) return target;
    onProblem(
      new EdgecapError(
        "file-unreadable",
        `The link "${link}" leads back to a folder that contains it, so it was skipped.`,
      ),
    );
  } catch (cause) {
    onProblem(unreadable(link, cause));
  }
  return undefined;
}

/**
 * Whether a name can be opened again. Bytes that are not UTF-8 become U+FFFD in JavaScript, so several files could seem
 * to have the same name.
 */
function isWellFormed(path: string, onProblem: WalkOptions["onProblem"]): boolean {
  if (!basename(path).includes("\ufffd")) return true;
  onProblem(
    new EdgecapError("file-unreadable", `Cannot read "${path}": its name is not UTF-8. Rename it and run again.`),
  );
  return false;
}
