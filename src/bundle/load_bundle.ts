import { includedBundles, readIncludedBundle } from "#assets";
import { openFolder, openStore } from "#storage";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { download } from "./download.ts";
import { fetchWithTimeout, readBody } from "./fetch_with_timeout.ts";
import { type FileEntry, parseManifest } from "./manifest.ts";
import { type Bundle, type BundleReader, type OpenBundle, ofMemory, ofPaths, openBundleOf } from "./open_bundle.ts";
import { sha256Hex } from "./sha256.ts";
import { shownAddress, webFolder } from "./web_folder.ts";

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
  return await openBundleOf(await reader(source, signal, silenceMs), signal);
}

async function reader(
  source: BundleSource,
  signal: AbortSignal | undefined,
  silenceMs: number | undefined,
): Promise<BundleReader> {
  if (source instanceof Map) return ofMemory(source);
  const name = Object.keys(includedBundles).find((name) => source === name || source === includedBundles[name]);
  const included = name === undefined ? undefined : includedBundles[name];
  // An executable contains these bundles, without a folder.
  if (name !== undefined && readIncludedBundle !== undefined) {
    const where =
      included === defaultBundle ? "the bundle that comes with edgecap" : `${name}, which comes with edgecap`;
    return ofPaths(
      where,
      (path) => readIncludedBundle!(name, path),
      () => true,
    );
  }
  const url =
    included ??
    (source instanceof URL ? source : /^(file|https?):/.test(source as string) ? new URL(source as string) : undefined);
  if (url !== undefined && url.protocol !== "file:") return fromWeb(url, signal, silenceMs);
  const { where, read } = openFolder(url ?? (source as string));
  const readManifest = () => read("manifest.json", longestManifest, signal);
  const readFile = ({ path }: FileEntry) => read(path, longestFile, signal);
  return { where, readManifest, readFile, isRemote: false, owns: () => true };
}

/** No manifest is this long. */
const longestManifest = 2 ** 20;

/** Longest time for a manifest from the web, in milliseconds: a few kilobytes. */
const longestWait = 120_000;

/** Longest file that a manifest may name, in bytes. */
const longestFile = 2 ** 31 - 1;

/** A bundle on the web; if its server cannot be reached, the cached manifest is used. */
async function fromWeb(
  url: URL,
  signal: AbortSignal | undefined,
  silenceMs: number | undefined,
): Promise<BundleReader> {
  const { shown: where, headers, file } = webFolder(url);
  const address = file("manifest.json");
  const manifest = shownAddress(address);
  const store = await openStore();
  const key = `manifest-${await sha256Hex(new TextEncoder().encode(address.href))}`;
  const fetched = async (): Promise<Uint8Array> => {
    using answer = await fetchWithTimeout(address, headers, signal, { silenceMs, totalMs: longestWait });
    const { response } = answer;
    if (!response.ok) {
      const cause = new Error(`${manifest} answered ${response.status}`);
      // A removed bundle answers 404 or the like; anything else is a server or proxy in trouble.
      const isGone = response.status < 500 && response.status !== 429;
      if (!isGone) throw cause;
      throw new EdgecapError("bundle-missing", `No bundle at "${where}": ${cause.message}.`, { cause });
    }
    const bytes = await readBody(answer, longestManifest, manifest);
    // A captive portal answers everything with its own page, which must not replace the cache.
    parseManifest(new TextDecoder().decode(bytes), manifest);
    return bytes;
  };
  return {
    where,
    isRemote: true,
    owns: () => false,
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
      download({ url: file(path), headers, sha256, bytes, silenceMs }, store, signal, onBytes),
  };
}
