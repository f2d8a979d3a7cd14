import { homeHint } from "./quoted_home.ts";

/**
 * What may be wrong with a path that leads to nothing, as the rest of a sentence; empty if nothing stands out.
 *
 * @param path The path as the user gave it.
 */
export function pathHint(path: string): string {
  const home = homeHint(path);
  if (home !== "") return home;
  if (path.includes("\ufffd")) return "; its name is not UTF-8: rename it";
  if (path.includes("\\") && !isWindows()) return '; folders are separated by "/" here: write "/" for "\\"';
  return "";
}

function isWindows(): boolean {
  return (globalThis as { readonly process?: { readonly platform?: string } }).process?.platform === "win32";
}
