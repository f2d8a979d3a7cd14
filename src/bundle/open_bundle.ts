import { EdgecapError, permissionMissing, throwIfAborted } from "../errors.ts";
import { homeHint } from "../files/quoted_home.ts";
import { release } from "../files/release.ts";
import { type BundleFiles, type BundlePart, type FileEntry, type Manifest, parseManifest } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";

/** A bundle in memory: its manifest and its files, whose hashes have been checked. */
export interface Bundle {
  /** Where it came from, for messages. */
  readonly where: string;
  readonly manifest: Manifest;
  readonly files: BundleFiles;
}

/** How much of a bundle has arrived. */
export interface LoadProgress {
  /** The file that the last bytes belong to, as the manifest names it, for instance `encoder.onnx`. */
  readonly file: string;
  /** Bytes of all files that have arrived so far; never decreases. */
  readonly loaded: number;
  /** Bytes of all files. */
  readonly total: number;
}

/** A bundle of which only the manifest has been read. */
export interface OpenBundle {
  /** Where it is, for messages. */
  readonly where: string;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest. It contains the hash of every file, so bundles with the same hash are the same. */
  readonly hash: string;
  /** Whether its files are downloaded. */
  readonly isRemote: boolean;
  /**
   * Reads all files and checks them against the manifest.
   *
   * @throws {EdgecapError} `bundle-file-missing`, `bundle-hash-mismatch`, `bundle-manifest-invalid` if it changes
   *   bytes beyond a file's end.
   * @param onProgress Called as they arrive; it must not throw.
   * @throws The signal's reason, if it is aborted.
   */
  files(onProgress?: (progress: LoadProgress) => void): Promise<Bundle["files"]>;
  /**
   * The files, each of which is read when it is asked for.
   *
   * @param onProgress Called as they arrive; it must not throw.
   */
  parts(onProgress?: (progress: LoadProgress) => void): BundleParts;
}

/** A file of a bundle that is read when it is needed. */
export interface BundleFile {
  /**
   * Reads the file and checks it against the manifest; further calls give the same bytes.
   *
   * @throws What {@linkcode OpenBundle.files} throws.
   */
  read(): Promise<Uint8Array>;
  /** Gives the bytes' memory back, if it is this bundle's own. The next call of `read` reads the file again. */
  free(): void;
}

/** The files of a bundle, by part; some bundles lack a datastore or concepts. */
export type BundleParts = { readonly [Part in keyof BundleFiles]: BundleFile };

/** Where a bundle's bytes come from. */
export interface BundleReader {
  /** Where the bundle is, for messages. */
  readonly where: string;
  readonly readManifest: () => Promise<Uint8Array>;
  /** @param onBytes Called with the number of bytes that have arrived, if they come in pieces. */
  readonly readFile: (file: FileEntry, onBytes: (loaded: number) => void) => Promise<Uint8Array>;
  /** Whether files are downloaded, so that reading one again may take long. */
  readonly isRemote: boolean;
  /** Whether nobody else holds these bytes of `readFile`. */
  readonly owns: (bytes: Uint8Array) => boolean;
}

/** A reader of files by their paths. */
export function ofPaths(
  where: string,
  read: (path: string) => Promise<Uint8Array>,
  owns: BundleReader["owns"],
): BundleReader {
  const readManifest = () => read("manifest.json");
  return { where, readManifest, readFile: ({ path }) => read(path), isRemote: false, owns };
}

/** A reader of files in memory. */
export function ofMemory(files: ReadonlyMap<string, Uint8Array>): BundleReader {
  const read = async (path: string) => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`no "${path}" among ${[...files.keys()].join(", ")}`);
    return bytes;
  };
  return ofPaths("memory", read, () => false);
}

/**
 * Reads a bundle's manifest.
 *
 * @throws {EdgecapError} `bundle-missing`, `permission-missing`, `bundle-manifest-invalid` or
 *   `bundle-version-unsupported`.
 * @throws The signal's reason, if it is aborted.
 */
export async function openBundleOf(reader: BundleReader, signal?: AbortSignal): Promise<OpenBundle> {
  const { where, readManifest } = reader;
  const bytes = await readManifest().catch((cause: unknown) => {
    throwIfAborted(signal);
    const denied = permissionMissing(cause);
    if (denied !== undefined) throw denied;
    if (cause instanceof EdgecapError && cause.code !== "file-unreadable") throw cause;
    const hint = homeHint(/[\\/](~[\\/].*)$/.exec(where)?.[1] ?? "");
    const why =
      whyUnreadable(cause) ?? `its manifest.json cannot be read${hint}. Give the folder or URL of a bundle, or fast.`;
    throw new EdgecapError("bundle-missing", `No bundle at "${where}": ${why}`, { cause });
  });
  const manifest = parseManifest(new TextDecoder().decode(bytes), `${where}/manifest.json`);
  const names = Object.keys(manifest.files) as BundlePart[];
  const partsOf = (onProgress?: (progress: LoadProgress) => void) => {
    const progress = new Progress(Object.values(manifest.files), onProgress);
    const entries = names.map((part) => [part, new Part(reader, manifest.files[part]!, progress, signal)] as const);
    return Object.fromEntries(entries) as unknown as BundleParts;
  };
  return {
    where,
    manifest,
    hash: await sha256Hex(bytes),
    isRemote: reader.isRemote,
    parts: partsOf,
    files: async (onProgress) => {
      const parts = partsOf(onProgress);
      const contents = await allSettled(names.map(async (part) => [part, await parts[part]!.read()] as const));
      return Object.fromEntries(contents) as unknown as BundleFiles;
    },
  };
}

/** Waits for all promises, so that no work continues unnoticed after a failure. */
export async function allSettled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** A file that is read once it is needed. */
class Part implements BundleFile {
  readonly #reader: BundleReader;
  readonly #file: FileEntry;
  readonly #progress: Progress;
  readonly #signal: AbortSignal | undefined;
  #reading: Promise<Uint8Array> | undefined;
  /** The bytes that nobody else holds. */
  #own: Uint8Array | undefined;

  constructor(reader: BundleReader, file: FileEntry, progress: Progress, signal: AbortSignal | undefined) {
    this.#reader = reader;
    this.#file = file;
    this.#progress = progress;
    this.#signal = signal;
  }

  read(): Promise<Uint8Array> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  free(): void {
    // A freed download would have to be repeated, so its bytes stay as long as this object.
    if (this.#reader.isRemote) return;
    if (this.#own !== undefined) release(this.#own);
    this.#own = undefined;
    this.#reading = undefined;
  }

  async #read(): Promise<Uint8Array> {
    const { where, readFile, owns } = this.#reader;
    const file = this.#file;
    const { path, sha256, bytes: size, changes = [] } = file;
    const found = await readFile(file, (loaded) => this.#progress.note(file, loaded)).catch((cause: unknown) => {
      throwIfAborted(this.#signal);
      if (cause instanceof EdgecapError && cause.code !== "file-unreadable") throw cause;
      const why = whyUnreadable(cause);
      const message =
        why === undefined
          ? `The bundle "${where}" lacks "${path}": copy all of its folder.`
          : `${why} Copy all of the bundle's folder.`;
      throw new EdgecapError("bundle-file-missing", message, { cause });
    });
    const hash = await sha256Hex(found);
    if (hash === sha256) {
      this.#progress.note(file, size);
      if (changes.every(([place]) => place < found.length)) {
        const bytes = changes.length === 0 || owns(found) ? found : new Uint8Array(found);
        for (const [place, value] of changes) bytes[place] = value;
        if (bytes !== found || owns(found)) this.#own = bytes;
        return bytes;
      }
      throw new EdgecapError(
        "bundle-manifest-invalid",
        `The manifest of "${where}" changes bytes beyond the end of "${path}": export the bundle again.`,
      );
    }
    throw new EdgecapError(
      "bundle-hash-mismatch",
      `"${path}" in the bundle "${where}" is not the file that its manifest names (${found.length} bytes with SHA-256 ${hash}; expected ${size} with ${sha256}): copy the bundle again.`,
    );
  }
}

/** Why a file of a bundle's folder cannot be read, in a sentence; `undefined` if it is just missing. */
function whyUnreadable(cause: unknown): string | undefined {
  if (!(cause instanceof EdgecapError) || (cause.cause as { code?: unknown } | undefined)?.code === "ENOENT") return;
  return cause.message;
}

/** Adds up the bytes of a bundle's files that have arrived, and reports them. */
class Progress {
  readonly #total: number;
  readonly #loaded = new Map<FileEntry, number>();
  readonly #onProgress: ((progress: LoadProgress) => void) | undefined;
  #reported = 0;

  constructor(files: readonly FileEntry[], onProgress: ((progress: LoadProgress) => void) | undefined) {
    this.#total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#onProgress = onProgress;
  }

  /** Reports how many of a file's bytes have arrived; a download that starts again is not reported. */
  note(file: FileEntry, bytes: number): void {
    this.#loaded.set(file, Math.min(bytes, file.bytes));
    const loaded = [...this.#loaded.values()].reduce((sum, one) => sum + one, 0);
    if (loaded <= this.#reported) return;
    this.#reported = loaded;
    this.#onProgress?.({ file: file.path, loaded, total: this.#total });
  }
}
