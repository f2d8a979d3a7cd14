import { chmod, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { EdgecapError, unwritable } from "../errors.ts";
import { writeAtomically } from "../files/atomic_write.ts";
import { makeFolder } from "../files/make_folder.ts";
import { abandonedMs, removeLeftovers } from "../files/remove_leftovers.ts";
import { type BundleFiles, type BundlePart, type Manifest, parseManifest } from "./manifest.ts";
import { sha256Hex } from "./sha256.ts";

/** File names of a bundle's parts. */
export const bundleFileNames: Readonly<Record<BundlePart, string>> = {
  encoder: "encoder.onnx",
  decoderInit: "decoder_init.onnx",
  decoderStep: "decoder_step.onnx",
  vocabulary: "vocabulary.txt",
  datastore: "datastore.safetensors",
  concepts: "concepts.txt",
};

/**
 * Writes a bundle's folder. An existing bundle there is replaced only once the new one is complete.
 *
 * @param folder Folder of the bundle.
 * @param description The manifest without the hashes of its files, which are computed here.
 * @returns The manifest as written.
 * @throws {EdgecapError} `bundle-manifest-invalid` if the description is not a valid manifest; `file-unwritable`.
 */
export async function writeBundle(
  folder: string,
  description: Omit<Manifest, "files">,
  files: BundleFiles,
): Promise<Manifest> {
  const target = resolve(folder);
  const entries = await Promise.all(
    (Object.entries(files) as [BundlePart, Uint8Array][]).map(async ([part, bytes]) => {
      return [part, { path: bundleFileNames[part], bytes: bytes.length, sha256: await sha256Hex(bytes) }] as const;
    }),
  );
  const { schemaVersion, name, version, ...rest } = description;
  const manifest = { schemaVersion, name, version, files: Object.fromEntries(entries) as Manifest["files"], ...rest };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  parseManifest(text, join(target, "manifest.json"));
  await makeFolder(dirname(folder));
  let staging: string;
  try {
    staging = await mkdtemp(join(dirname(target), `${stagingName(target)}-`));
  } catch (cause) {
    throw unwritable(target, cause);
  }
  try {
    for (const [part, bytes] of Object.entries(files) as [BundlePart, Uint8Array][]) {
      await writeAtomically(join(staging, bundleFileNames[part]), bytes);
    }
    await writeAtomically(join(staging, "manifest.json"), text);
    // mkdtemp() makes folders that only their owner can read.
    await chmod(staging, 0o755);
    const old = `${staging}-old`;
    const replaced = await rename(target, old).then(
      () => true,
      () => false,
    );
    await rename(staging, target).catch(async (error: unknown) => {
      if (replaced) await rename(old, target);
      throw error;
    });
    if (replaced) await rm(old, { recursive: true });
    await removeAbandonedFolders(target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // The file's own error would name the temporary folder, which is gone.
    throw unwritable(target, error instanceof EdgecapError ? error.cause : error);
  }
  return manifest;
}

/** Beginning of the names of a bundle's unfinished folders, and of the folder that it replaces. */
function stagingName(target: string): string {
  return `.${basename(target)}.edgecap`;
}

/** Removes the folders that killed processes left beside a bundle. */
async function removeAbandonedFolders(target: string): Promise<void> {
  const beginning = `${stagingName(target)}-`;
  const isName = (name: string) => name.startsWith(beginning) && /^\w{6}(?:-old)?$/.test(name.slice(beginning.length));
  await removeLeftovers(dirname(target), { kind: "folder", isName, olderThanMs: abandonedMs });
}
