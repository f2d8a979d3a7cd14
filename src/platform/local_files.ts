/** Files by their paths, on runtimes with a file system. */
export interface LocalFiles {
  /**
   * The bytes of a file.
   *
   * @param file A path, relative to the working folder unless it is absolute, or a `file:` URL.
   * @param maxBytes Largest file to read; a larger one is refused before it is read.
   * @returns The bytes, or the length of a file that is too long.
   * @throws What the operating system says, or the signal's reason.
   */
  readonly readUpTo: (
    file: string | URL,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ) => Promise<Uint8Array | number>;
}
