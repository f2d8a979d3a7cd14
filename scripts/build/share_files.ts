import type { BundleFiles, BundlePart, FileEntry, Manifest } from "../../src/bundle/manifest.ts";
import type { Bundle } from "../../src/bundle/open_bundle.ts";

/**
 * The `files` of a manifest for a bundle that shares the files of another one, except for some bytes.
 *
 * @param name Folder of the other bundle.
 * @throws {Error} if a file differs in its length, or in more than the 256 bytes that a manifest may change.
 */
export function shareFiles(
  files: BundleFiles,
  name: string,
  other: Pick<Bundle, "manifest" | "files">,
): Manifest["files"] {
  const shared = (Object.entries(files) as [BundlePart, Uint8Array][]).map(([part, bytes]): [BundlePart, FileEntry] => {
    const [entry, from] = [other.manifest.files[part], other.files[part]];
    if (entry === undefined || from?.length !== bytes.length) {
      throw new Error(`The ${part} of the bundle "${name}" has a different length, so it cannot be shared.`);
    }
    const changes: [number, number][] = [];
    for (const [place, value] of bytes.entries()) if (value !== from[place]) changes.push([place, value]);
    if (changes.length > 256) {
      throw new Error(`The ${part} differs from that of "${name}" in ${changes.length} bytes, so it cannot be shared.`);
    }
    return [part, { ...entry, path: `../${name}/${entry.path}`, ...(changes.length > 0 && { changes }) }];
  });
  return Object.fromEntries(shared) as Manifest["files"];
}
