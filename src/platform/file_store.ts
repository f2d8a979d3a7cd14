import { concat } from "../files/concat.ts";
/** A folder of files. */
export interface Folder {
  /** Where it is, for messages. */
  readonly where: string;
  /**
   * The bytes of a file.
   *
   * @param path Relative to the folder.
   * @param limit Most bytes to read.
   * @throws {EdgecapError} `file-unreadable`
   */
  read(path: string, limit: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A store for downloaded files between runs, keyed by their content or address. */
export interface FileStore {
  /** The bytes of a complete file, or `undefined` if it is not stored. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Stores a complete file. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Deletes a file that turned out to be damaged. */
  remove(key: string): Promise<void>;
  /** Opens the rest of an earlier download, or an empty file. */
  partial(key: string): Promise<PartialFile>;
}

/** A file that is being downloaded. */
export interface PartialFile extends AsyncDisposable {
  /** Number of bytes so far. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Discards all bytes so far. */
  restart(): Promise<void>;
  /** All the bytes. */
  bytes(): Promise<Uint8Array>;
  /** The file is complete and correct: stores it. */
  finish(): Promise<void>;
}

/**
 * A partial file in memory, for when nothing can be stored: it lasts for one process, over any number of connections.
 */
export function partialInMemory(finish: (bytes: Uint8Array) => Promise<void> = async () => {}): PartialFile {
  let chunks: Uint8Array[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    append: async (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
    },
    restart: async () => {
      chunks = [];
      size = 0;
    },
    bytes: async () => concat(chunks),
    finish: () => finish(concat(chunks)),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A store that keeps nothing. */
export const noStore: FileStore = {
  read: async () => undefined,
  write: async () => {},
  remove: async () => {},
  partial: async () => partialInMemory(),
};
