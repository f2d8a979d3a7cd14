import type { Command } from "commander";
import pc from "picocolors";
import { standardInput } from "../batch/input_images.ts";
import { captionJson } from "../caption/json.ts";
import { leftOutMessage } from "../caption/left_out_message.ts";
import { type OptionName, optionTable } from "../caption/option_table.ts";
import type { CaptionSettings } from "../caption/options.ts";
import { EdgecapError, faultOf } from "../errors.ts";
import { altText } from "../metadata/alt_text.ts";
import { type MetadataForm, metadataForms, type PictureText } from "../metadata/fields.ts";
import type { Written } from "../metadata/write_text.ts";
import { type Caption, type CaptionOptions, loadEngine } from "../mod.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { backendOption } from "./backend_option.ts";
import { bundleFlag } from "./bundle_flag.ts";
import { addCaptionFlags, captionOptionsOf } from "./caption_flags.ts";
import { hiddenFlag } from "./hidden_flag.ts";
import { imageFiles, readImage } from "./image_files.ts";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { printable } from "./printable.ts";
import { startProgress } from "./progress.ts";
import { reportProblem } from "./report_problem.ts";
import { exitStatus } from "./run_program.ts";
import { addMetadataOptions, refuseWithoutWrite, reportWritten, type WriteFlags, writeOption } from "./write_option.ts";

interface CaptionFlags extends CaptionSettings, WriteFlags<MetadataForm> {
  readonly json?: boolean;
  readonly hidden?: boolean;
  readonly bundle?: string;
  readonly threads: number;
  readonly backend: BackendChoice;
}

/** Adds `edgecap caption`. */
export function registerCaption(program: Command): void {
  const command = program
    .command("caption")
    .description("Caption pictures: JPEG, PNG, WebP, GIF (first frame) and BMP.")
    .argument("<files...>", "files, folders and patterns; - reads one picture from standard input")
    .option("--json", "print one line of JSON per picture, in their order")
    .option(...hiddenFlag);
  addCaptionFlags(command, Object.keys(optionTable) as OptionName[])
    .option(...bundleFlag)
    .option("--threads <n>", "number of threads per inference", wholeNumber(1, 64), 1)
    .addOption(backendOption())
    .addOption(
      writeOption("write the caption and the concepts into the picture's metadata: xmp, exif or iptc", metadataForms),
    )
    .addHelpText(
      "after",
      `
For one picture only its caption is printed, for several "file: caption". --json prints more.
With --min-confidence, a sentence that is less sure is replaced by "a photo of ..." with what is sure, or left out.
With --max-characters, so is one that is too long: see docs/alternative_text.md.
With --write, the caption goes into JPEG, PNG and WebP files (iptc: only JPEG); text that others wrote is kept: see docs/metadata.md.
Exit status: 0 all captioned, 1 some pictures failed or have no such sentence (the others are captioned), 2 wrong usage, 130 interrupted.

Examples:
  edgecap caption photo.jpg
  edgecap caption --json --beams 5 --alternatives 2 photos/
  edgecap caption photos/ --write xmp,iptc --dry-run
  curl -s example.org/cat.jpg | edgecap caption -`,
    )
    .action(caption);
  addMetadataOptions(command, "none");
}

async function caption(args: string[], flags: CaptionFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { json, hidden = false, bundle, threads, backend, write, sidecar, force, dryRun, mark } = flags;
  refuseWithoutWrite(flags);
  const files = await imageFiles(args, { hidden, onProblem: reportProblem });
  if (write !== undefined && files.includes(standardInput))
    throw new EdgecapError("option-invalid", `--write needs files, and "${standardInput}" is standard input.`);
  // Most captions are only printed.
  const { writeText } = write === undefined ? {} : await import("../metadata/write_text.ts");
  const options: CaptionOptions = { ...captionOptionsOf(flags), signal: interrupt.signal };
  await using captioner = await loadEngine({ bundle, threads, backend, signal: interrupt.signal });
  using progress = startProgress(files.length, "pictures", process.stdout.isTTY);
  const report = json === true ? jsonReport : textReport(files.length > 1, dryRun);
  for (const [done, file] of files.entries()) {
    let result: Caption | EdgecapError;
    let written: Written | undefined;
    try {
      const image = await readImage(file);
      result = await captioner.caption(image, options);
      if (result.reason !== undefined) process.exitCode = exitStatus.someFailed;
      written =
        write && (await writeText?.(file, image, textOf(result), { forms: write, sidecar, force, dryRun, mark }));
      if (written?.error !== undefined) process.exitCode = exitStatus.someFailed;
    } catch (error) {
      if (!(error instanceof EdgecapError) || ["stopped", "caller"].includes(faultOf(error.code))) throw error;
      result = error;
      process.exitCode = exitStatus.someFailed;
    }
    report(file, result, written);
    progress.update(done + 1);
  }
}

/** The text to write into a picture. */
function textOf({ caption, concepts }: Caption): PictureText {
  return { caption: caption === "" ? undefined : altText(caption), keywords: concepts.map(({ name }) => name) };
}

function failure({ code, message }: EdgecapError): { code: string; message: string } {
  return { code, message };
}

function jsonReport(image: string, result: Caption | EdgecapError, written: Written | undefined): void {
  const { files, error } = written ?? {};
  const added = { ...(files && { written: files }), ...(error && { writeError: failure(error) }) };
  const line =
    result instanceof EdgecapError ? { image, error: failure(result) } : { ...captionJson(image, result), ...added };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function textReport(
  named: boolean,
  dryRun: boolean | undefined,
): (image: string, result: Caption | EdgecapError, written: Written | undefined) => void {
  return (path, result, written) => {
    const image = printable(path);
    const name = named ? `${pc.dim(`${image}:`)} ` : "";
    if (result instanceof EdgecapError) {
      process.stderr.write(`${image}: ${pc.red("error")}: ${printable(result.message)}\n`);
      return;
    }
    if (result.reason !== undefined)
      process.stderr.write(`${image}: ${pc.yellow(result.reason)}: ${leftOutMessage(result)}\n`);
    if (result.caption !== "" || result.reason === undefined) process.stdout.write(`${name}${result.caption}\n`);
    for (const { caption } of result.alternatives) process.stdout.write(`${name}${pc.dim("or")} ${caption}\n`);
    if (written !== undefined) reportWritten(path, written, dryRun);
  };
}
