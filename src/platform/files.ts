/**
 * Picture files, on runtimes with a file system. Imported as `#files`, which package.json maps to this file or, in a
 * browser, to files_browser.ts; both export the same.
 */
import { Buffer } from "node:buffer";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Whether a text without a scheme is a path, rather than an address to fetch. */
export const hasFiles = true;

/**
 * The bytes of a file.
 *
 * @param file A path, relative to the working folder unless it is absolute, or a `file:` URL.
 * @param maxBytes Largest file to read; a larger one is refused before it is read.
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
    const stats = await handle.stat();
    if (stats.size > maxBytes) return stats.size;
    if (stats.isFile() || stats.isDirectory()) return await handle.readFile(signal === undefined ? {} : { signal });
    // A pipe or a device does not state its size.
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(new Uint8Array(2 ** 20), 0, 2 ** 20);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
      if (length > maxBytes) return length;
    }
  } finally {
    await handle.close();
  }
}
