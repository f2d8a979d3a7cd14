/** Where downloaded files are kept between two runs, by a name that is made of their content or their address. */
export interface FileStore {
  /** The bytes of a whole file, or `undefined` where it is not kept. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Keeps a whole file. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Forgets a file that turned out to be damaged. */
  remove(key: string): Promise<void>;
  /** Opens what an earlier download left of a file, or an empty beginning. */
  partial(key: string): Promise<PartialFile>;
}

/** A file that is being downloaded. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes that are there. */
  readonly size: number;
  append(chunk: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** All the bytes. */
  bytes(): Promise<Uint8Array>;
  /** The file is whole and right: keeps it. */
  finish(): Promise<void>;
}

/** A partial file in memory, where nothing can be kept: it serves one process, over any number of connections. */
export function partialInMemory(finish: (bytes: Uint8Array) => Promise<void> = async () => {}): PartialFile {
  let chunks: Uint8Array[] = [];
  let size = 0;
  const joined = (): Uint8Array => {
    const whole = new Uint8Array(size);
    let offset = 0;
    for (const chunk of chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    return whole;
  };
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
    bytes: async () => joined(),
    finish: () => finish(joined()),
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
