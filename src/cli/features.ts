import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { standardInput } from "../batch/input_images.ts";
import { throwIfAborted } from "../errors.ts";
import { decodeImage } from "../image/decode.ts";
import { encoderInput } from "../image/encoder_input.ts";
import { GraphSession } from "../runtime/graph_session.ts";
import { resnet50File } from "../training/encoder/resnet50_file.ts";
import { imageFiles, readImage } from "./image_files.ts";
import { interruptSignal } from "./interrupt.ts";
import { writeNpy } from "./npy.ts";
import { startProgress } from "./progress.ts";
import { reportProblem } from "./report_problem.ts";

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
    .description("Write the features of pictures, from ImageNet's ResNet50, to a NumPy file, one row per picture.")
    .argument("<files...>", "files, folders and patterns; - reads one picture from standard input")
    .addOption(new Option("--precision <p>", "precision of the encoder").choices(["fp32", "int8"]).default("int8"))
    .addOption(new Option("--size <n>", "side of the encoder's input in pixels").choices(["224", "90"]).default("224"))
    .option("--pool", "write the mean over the regions instead of the grid")
    .requiredOption("--out <file>", "the .npy file to write (float32, regions row by row, channels last)")
    .addHelpText("after", "\nExample:\n  edgecap features --pool photos/ --out photos.npy")
    .action(features);
}

async function features(args: string[], flags: FeaturesFlags): Promise<void> {
  using interrupt = interruptSignal();
  const files = await imageFiles(args, { onProblem: reportProblem });
  // Before the encoder, which may have to be downloaded and made.
  for (const file of files) if (file !== standardInput && !existsSync(file)) await readImage(file);
  const size = Number(flags.size);
  const file = await resnet50File({ precision: flags.precision, size }, interrupt.signal);
  await using encoder = await GraphSession.create("encoder", await readFile(file));
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

function pooled(grid: Float32Array, channels: number): Float32Array {
  const mean = new Float32Array(channels);
  const regions = grid.length / channels;
  for (let i = 0; i < grid.length; i++) mean[i % channels]! += grid[i]! / regions;
  return mean;
}
