/**
 * Pictures as files, on runtimes with a file system. Imported as `#files`, which package.json maps to this file or, in a
 * browser, to files_browser.ts; both export the same.
 */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Whether a text without a scheme is a path, rather than an address to fetch. */
export const hasFiles = true;

/**
 * The bytes of a file.
 *
 * @param file A path, from the working folder unless it is absolute, or a `file:` URL.
 * @param maxBytes Longest file that is read; a longer one is refused before it is.
 * @returns The bytes, or the length of a file that is too long.
 * @throws What the operating system says, or the signal's reason.
 */
export async function readFileUpTo(
  file: string | URL,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | number> {
  const handle = await open(file instanceof URL ? fileURLToPath(file) : resolve(file));
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) return size;
    return await handle.readFile(signal === undefined ? {} : { signal });
  } finally {
    await handle.close();
  }
}
