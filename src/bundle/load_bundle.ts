import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readDefaultBundle } from "#assets";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { type BundlePart, type Manifest, parseManifest } from "./manifest.ts";

/** A bundle in memory: its manifest and its files, whose hashes have been checked. */
export interface Bundle {
  /** Where it came from, for messages. */
  readonly where: string;
  readonly manifest: Manifest;
  readonly files: Readonly<Record<BundlePart, Uint8Array>>;
}

/** Where a bundle is: a folder's path, a `file:`, `http:` or `https:` URL of a folder, or its files in memory by name. */
export type BundleSource = string | URL | ReadonlyMap<string, Uint8Array>;

/** The bundle that comes with edgecap. */
export const defaultBundle: URL = new URL("../../models/default/", import.meta.url);

/**
 * Reads a bundle whole and checks every file against its manifest.
 *
 * @throws {EdgecapError} `bundle-missing`, `bundle-file-missing`, `bundle-hash-mismatch`, `bundle-manifest-invalid`,
 *   `bundle-version-unsupported`, or `aborted`.
 */
export async function loadBundle(source: BundleSource, signal?: AbortSignal): Promise<Bundle> {
  const { where, read } = reader(source, signal);
  const manifestBytes = await read("manifest.json").catch((cause: unknown) => {
    throwIfAborted(signal);
    throw new EdgecapError("bundle-missing", `No bundle at "${where}": it has no readable manifest.json.`, { cause });
  });
  const manifest = parseManifest(new TextDecoder().decode(manifestBytes), `${where}/manifest.json`);
  const parts = Object.keys(manifest.files) as BundlePart[];
  const contents = await Promise.all(
    parts.map(async (part) => {
      const { path, sha256, bytes: size } = manifest.files[part];
      const bytes = await read(path).catch((cause: unknown) => {
        throwIfAborted(signal);
        throw new EdgecapError("bundle-file-missing", `The bundle "${where}" lacks "${path}": copy the whole folder.`, {
          cause,
        });
      });
      const found = await sha256Hex(bytes);
      if (found !== sha256) {
        throw new EdgecapError(
          "bundle-hash-mismatch",
          `"${path}" of the bundle "${where}" is not the file that its manifest names (${bytes.length} bytes of SHA-256 ${found}; expected ${size} of ${sha256}): copy the bundle again.`,
        );
      }
      return [part, bytes] as const;
    }),
  );
  return { where, manifest, files: Object.fromEntries(contents) as Record<BundlePart, Uint8Array> };
}

/** SHA-256 of some bytes, in lower-case hexadecimal. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function reader(source: BundleSource, signal: AbortSignal | undefined) {
  if (source instanceof Map) return { where: "memory", read: (path: string) => fromMemory(source, path) };
  // An executable has it inside, where no folder is.
  if (source === defaultBundle) return { where: "the bundle that comes with edgecap", read: readDefaultBundle };
  const url =
    source instanceof URL ? source : /^(file|https?):/.test(source as string) ? new URL(source as string) : undefined;
  if (url !== undefined && url.protocol !== "file:") {
    const base = new URL(url.href.endsWith("/") ? url.href : `${url.href}/`);
    return { where: base.href, read: (path: string) => fromWeb(new URL(path, base), signal) };
  }
  const folder = url === undefined ? resolve(source as string) : fileURLToPath(url);
  const options = signal === undefined ? {} : { signal };
  return { where: folder, read: async (path: string): Promise<Uint8Array> => readFile(join(folder, path), options) };
}

async function fromMemory(files: ReadonlyMap<string, Uint8Array>, path: string): Promise<Uint8Array> {
  const bytes = files.get(path);
  if (bytes === undefined) throw new Error(`no "${path}" among ${[...files.keys()].join(", ")}`);
  return bytes;
}

async function fromWeb(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
