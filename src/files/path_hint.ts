/**
 * What may be wrong with a path that leads to nothing, as the rest of a sentence; empty if nothing stands out.
 *
 * @param path The path as the user gave it.
 */
export function pathHint(path: string): string {
  if (isQuotedHome(path)) return "; only a shell replaces ~, and only outside quotes: write the whole path";
  if (path.includes("\ufffd")) return "; its name is not UTF-8: rename it";
  if (path.includes("\\") && !isWindows()) return '; folders are separated by "/" here: write "/" for "\\"';
  return "";
}

/** Whether a path begins with a `~` that no shell has replaced. A folder of that name is `./~`. */
export function isQuotedHome(path: string): boolean {
  return /^~(?:$|[\\/])/.test(path);
}

function isWindows(): boolean {
  return (globalThis as { readonly process?: { readonly platform?: string } }).process?.platform === "win32";
}
