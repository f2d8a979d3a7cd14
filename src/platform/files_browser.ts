/** Picture files in a browser, which has none. Exports the same as files.ts. */

/** A text without a scheme is an address relative to the page. */
export const hasFiles = false;

/** Always throws: a browser has no files of its own. */
export async function readFileUpTo(
  _file: string | URL,
  _maxBytes: number,
  _signal: AbortSignal | undefined,
): Promise<Uint8Array | number> {
  throw new Error("a browser cannot read files by path: give a File that the user chose, or an address to fetch");
}
