/** Names of files that are taken for pictures where a folder or a pattern holds others too. */
export const imageName: RegExp = /\.(?:jpe?g|jpe|jfif|png|webp|gif|bmp)$/i;

/** The kinds of {@linkcode imageName}, as messages name them. */
export const imageKinds = "JPEG, PNG, WebP, GIF or BMP";

/**
 * Folders of systems and programs whose names begin with no dot: bins of Windows and of network drives, previews and
 * snapshots of network drives, what macOS puts into archives, what disk checks find.
 */
const systemName: RegExp =
  /^(?:\$recycle\.bin|recycler|recycled|system volume information|found\.\d{3}|@eadir|@tmp|@recycle|@recently-snapshot|#recycle|#snapshot|__macosx|lost\.dir|network trash folder|temporary items)$/i;

/**
 * Whether a file or folder is hidden, or belongs to a system or program: what was thrown away, previews, older versions.
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
