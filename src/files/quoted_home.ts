/** Whether a path begins with a `~` that no shell has replaced. A folder of that name is `./~`. */
export function isQuotedHome(path: string): boolean {
  return /^~(?:$|[\\/])/.test(path);
}

/** Says what is wrong with such a path, as the rest of a sentence; empty for other paths. */
export function homeHint(path: string): string {
  return isQuotedHome(path) ? "; only a shell replaces ~, and only outside quotes: write the whole path" : "";
}
