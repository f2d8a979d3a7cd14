/**
 * Picture files, on runtimes with a file system. Imported as `#files`, which package.json maps to this file or, in a
 * browser, to files_browser.ts; both export the same.
 */
import { Buffer } from "node:buffer";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocalFiles } from "./local_files.ts";

/** Files by their paths: a text without a scheme is one, not an address to fetch. */
export const localFiles: LocalFiles | undefined = { readUpTo: readFileUpTo };

async function readFileUpTo(
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
