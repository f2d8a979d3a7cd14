import { includedBundles, readIncludedBundle } from "#assets";
import { openFolder, openStore } from "#storage";
import { EdgecapError, permissionMissing, throwIfAborted } from "../errors.ts";
import { download } from "./download.ts";
import { fetchUnlessSilent, readBody } from "./fetch_unless_silent.ts";
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
  /**
   * Reads all files and checks them against the manifest.
   *
   * @throws {EdgecapError} `bundle-file-missing`, `bundle-hash-mismatch`, `bundle-manifest-invalid` if it changes
   *   bytes beyond a file's end.
   * @param onProgress Called as they arrive; it must not throw.
   * @throws The signal's reason, if it is aborted.
   */
  files(onProgress?: (progress: LoadProgress) => void): Promise<Bundle["files"]>;
}

/**
 * Where a bundle is: the name of one that comes with edgecap (`default`, `fast`), a folder's path, a `file:`, `http:`
 * or `https:` URL of a folder, or its files in memory by name. A folder of such a name is `./fast`.
 */
export type BundleSource = string | URL | ReadonlyMap<string, Uint8Array>;

export { includedBundles } from "#assets";

/** The bundle that is used by default. */
export const defaultBundle: URL = includedBundles["default"]!;

/**
 * Reads all of a bundle and checks every file against its manifest. Files of a bundle on the web are cached, in the
 * user's cache folder or in the browser's Cache API, and an interrupted download continues where it stopped.
 *
 * @param silenceMs Longest time without data from the server, in milliseconds. Default 30,000.
 * @throws {EdgecapError} `bundle-missing`, `bundle-file-missing`, `bundle-hash-mismatch`, `bundle-manifest-invalid`,
 *   `bundle-version-unsupported`.
 * @throws The signal's reason, if it is aborted.
 */
export async function loadBundle(source: BundleSource, signal?: AbortSignal, silenceMs?: number): Promise<Bundle> {
  const { where, manifest, files } = await openBundle(source, signal, silenceMs);
  return { where, manifest, files: await files() };
}

/**
 * Reads a bundle's manifest.
 *
 * @param silenceMs Longest time without data from the server, in milliseconds. Default 30,000.
 * @throws {EdgecapError} `bundle-missing`, `permission-missing`, `bundle-manifest-invalid` or
 *   `bundle-version-unsupported`.
 * @throws The signal's reason, if it is aborted.
 */
export async function openBundle(source: BundleSource, signal?: AbortSignal, silenceMs?: number): Promise<OpenBundle> {
  const { where, readManifest, readFile } = await reader(source, signal, silenceMs);
  const bytes = await readManifest().catch((cause: unknown) => {
    throwIfAborted(signal);
    const denied = permissionMissing(cause);
    if (denied !== undefined) throw denied;
    if (cause instanceof EdgecapError) throw cause;
    throw new EdgecapError("bundle-missing", `No bundle at "${where}": its manifest.json cannot be read.`, { cause });
  });
  const manifest = parseManifest(new TextDecoder().decode(bytes), `${where}/manifest.json`);
  return {
    where,
    manifest,
    hash: await sha256Hex(bytes),
    files: async (onProgress) => {
      const parts = Object.keys(manifest.files) as BundlePart[];
      const progress = new Progress(Object.values(manifest.files), onProgress);
      const contents = await Promise.allSettled(
        parts.map(async (part) => [part, await readPart(manifest.files[part]!, progress)] as const),
      );
      // Waits for all of them, so that nothing continues unseen after a failure.
      const failed = contents.find((content) => content.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      const read = contents.flatMap((content) => (content.status === "fulfilled" ? [content.value] : []));
      return Object.fromEntries(read) as unknown as BundleFiles;
    },
  };

  async function readPart(file: FileEntry, progress: Progress): Promise<Uint8Array> {
    const { path, sha256, bytes: size, changes = [] } = file;
    const found = await readFile(file, (loaded) => progress.note(file, loaded)).catch((cause: unknown) => {
      throwIfAborted(signal);
      if (cause instanceof EdgecapError) throw cause;
      throw new EdgecapError("bundle-file-missing", `The bundle "${where}" lacks "${path}": copy all of its folder.`, {
        cause,
      });
    });
    const hash = await sha256Hex(found);
    if (hash === sha256) {
      progress.note(file, size);
      if (changes.every(([place]) => place < found.length)) return changed(found, changes);
      throw new EdgecapError(
        "bundle-manifest-invalid",
        `The manifest of "${where}" changes bytes beyond the end of "${path}": export the bundle again.`,
      );
    }
    throw new EdgecapError(
      "bundle-hash-mismatch",
      `"${path}" in the bundle "${where}" is not the file that its manifest names (${found.length} bytes of SHA-256 ${hash}; expected ${size} of ${sha256}): copy the bundle again.`,
    );
  }
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

/** A shared file with this bundle's own changes; the given bytes are not modified. */
function changed(bytes: Uint8Array, changes: NonNullable<FileEntry["changes"]>): Uint8Array {
  if (changes.length === 0) return bytes;
  const own = new Uint8Array(bytes);
  for (const [place, value] of changes) own[place] = value;
  return own;
}

interface Reader {
  readonly where: string;
  readManifest(): Promise<Uint8Array>;
  /** @param onBytes Called with the number of bytes that have arrived, if they come in pieces. */
  readFile(file: FileEntry, onBytes: (loaded: number) => void): Promise<Uint8Array>;
}

async function reader(
  source: BundleSource,
  signal: AbortSignal | undefined,
  silenceMs: number | undefined,
): Promise<Reader> {
  if (source instanceof Map) return ofPaths("memory", (path) => fromMemory(source, path));
  const name = Object.keys(includedBundles).find((name) => source === name || source === includedBundles[name]);
  const included = name === undefined ? undefined : includedBundles[name];
  // An executable carries them inside, without a folder.
  if (name !== undefined && readIncludedBundle !== undefined) {
    const where =
      included === defaultBundle ? "the bundle that comes with edgecap" : `${name}, which comes with edgecap`;
    return ofPaths(where, (path) => readIncludedBundle!(name, path));
  }
  const url =
    included ??
    (source instanceof URL ? source : /^(file|https?):/.test(source as string) ? new URL(source as string) : undefined);
  if (url !== undefined && url.protocol !== "file:") return fromWeb(url, signal, silenceMs);
  const { where, read } = openFolder(url ?? (source as string));
  return ofPaths(where, (path) => read(path, signal));
}

function ofPaths(where: string, read: (path: string) => Promise<Uint8Array>): Reader {
  return { where, readManifest: () => read("manifest.json"), readFile: ({ path }) => read(path) };
}

async function fromMemory(files: ReadonlyMap<string, Uint8Array>, path: string): Promise<Uint8Array> {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`no "${path}" among ${[...files.keys()].join(", ")}`);
  return bytes;
}

/** No manifest is this long. */
const longestManifest = 2 ** 20;

/** A bundle on the web; if its server cannot be reached, the cached manifest is used. */
async function fromWeb(url: URL, signal: AbortSignal | undefined, silenceMs: number | undefined): Promise<Reader> {
  const base = new URL(url.href.endsWith("/") ? url.href : `${url.href}/`);
  const address = new URL("manifest.json", base);
  const store = await openStore();
  const key = `manifest-${await sha256Hex(new TextEncoder().encode(address.href))}`;
  const fetched = async (): Promise<Uint8Array> => {
    using answer = await fetchUnlessSilent(address, {}, signal, silenceMs);
    const { response } = answer;
    if (!response.ok) {
      const cause = new Error(`${address.href} answered ${response.status}`);
      // A removed bundle answers 404 or the like; anything else is a server or proxy in trouble.
      const isGone = response.status < 500 && response.status !== 429;
      if (!isGone) throw cause;
      throw new EdgecapError("bundle-missing", `No bundle at "${base.href}": ${cause.message}.`, { cause });
    }
    const bytes = await readBody(answer, longestManifest, address.href);
    // A captive portal answers everything with its own page, which must not replace the cache.
    parseManifest(new TextDecoder().decode(bytes), address.href);
    return bytes;
  };
  return {
    where: base.href,
    readManifest: async () => {
      try {
        const bytes = await fetched();
        await store.write(key, bytes);
        return bytes;
      } catch (cause) {
        throwIfAborted(signal);
        const code = cause instanceof EdgecapError ? cause.code : undefined;
        if (code === "bundle-missing" || code === "bundle-version-unsupported") throw cause;
        const kept = await store.read(key);
        if (kept !== undefined) return kept;
        throw cause;
      }
    },
    readFile: ({ path, sha256, bytes }, onBytes) =>
      download({ url: new URL(path, base), sha256, bytes, silenceMs }, store, signal, onBytes),
  };
}
