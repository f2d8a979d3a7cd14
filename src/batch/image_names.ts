/** Names of the files that count as pictures in a folder or a pattern. */
export const imageName: RegExp = /\.(?:jpe?g|jpe|jfif|png|webp|gif|bmp)$/i;

/** The formats that {@linkcode imageName} matches, for messages. */
export const imageKinds = "JPEG, PNG, WebP, GIF or BMP";

/**
 * Folders of systems and programs whose names do not begin with a dot: Windows' and network drives' bins, previews and
 * snapshots of network drives, macOS's additions to archives, and what disk checks recover.
 */
const systemName: RegExp =
  /^(?:\$recycle\.bin|recycler|recycled|system volume information|found\.\d{3}|@eadir|@tmp|@recycle|@recently-snapshot|#recycle|#snapshot|__macosx|lost\.dir|network trash folder|temporary items)$/i;

/**
 * Whether a file or folder is hidden or belongs to a system or program, such as deleted files, previews and snapshots.
 *
 * @param name One name, not a path.
 */
export function isHidden(name: string): boolean {
  return (name.startsWith(".") && name !== "." && name !== "..") || systemName.test(name);
}

/** Whether one of the parts of a path below a folder is hidden; see {@linkcode isHidden}. */
export function hasHiddenPart(path: string): boolean {
  return path.split(/[\\/]/).some(isHidden);
}
