import type { Command } from "commander";
import pc from "picocolors";
import { captionJson } from "../caption/json.ts";
import { type OptionName, optionTable } from "../caption/option_table.ts";
import type { CaptionSettings } from "../caption/options.ts";
import { unsureMessage } from "../confidence/unsure.ts";
import { EdgecapError, faultOf } from "../errors.ts";
import { type Caption, type CaptionOptions, loadEngine } from "../mod.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { backendOption } from "./backend_option.ts";
import { addCaptionFlags, captionOptionsOf } from "./caption_flags.ts";
import { imageFiles, readImage } from "./image_files.ts";
import { interruptSignal } from "./interrupt.ts";
import { wholeNumber } from "./option_values.ts";
import { hiddenFlag, reportProblem } from "./problems.ts";
import { startProgress } from "./progress.ts";
import { exitStatus } from "./run_program.ts";

interface CaptionFlags extends CaptionSettings {
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
    .option(
      "--bundle <dir>",
      "fast, folder or URL of a bundle, or transformers:FOLDER (default: the one that comes with edgecap)",
    )
    .option("--threads <n>", "number of threads per inference", wholeNumber(1, 64), 1)
    .addOption(backendOption())
    .addHelpText(
      "after",
      `
One picture prints its caption alone; several print "file: caption". --json prints more.
With --min-confidence, a sentence that is less sure becomes "a photo of ..." with what is sure, or is left out.
Exit status: 0 all captioned, 1 some failed or were less sure (the others are captioned), 2 wrong usage.

Examples:
  edgecap caption photo.jpg
  edgecap caption --json --beams 5 --alternatives 2 photos/
  curl -s example.org/cat.jpg | edgecap caption -`,
    )
    .action(caption);
}

async function caption(args: string[], flags: CaptionFlags): Promise<void> {
  using interrupt = interruptSignal();
  const { json, hidden = false, bundle, threads, backend } = flags;
  const files = await imageFiles(args, { hidden, onProblem: reportProblem });
  const options: CaptionOptions = { ...captionOptionsOf(flags), signal: interrupt.signal };
  await using captioner = await loadEngine({ bundle, threads, backend, signal: interrupt.signal });
  using progress = startProgress(files.length, "pictures", process.stdout.isTTY);
  const report = json === true ? jsonReport : textReport(files.length > 1);
  for (const [done, file] of files.entries()) {
    let result: Caption | EdgecapError;
    try {
      result = await captioner.caption(await readImage(file), options);
      if (result.reason === "unsure") process.exitCode = exitStatus.someFailed;
    } catch (error) {
      if (!(error instanceof EdgecapError) || ["stopped", "caller"].includes(faultOf(error.code))) throw error;
      result = error;
      process.exitCode = exitStatus.someFailed;
    }
    report(file, result);
    progress.update(done + 1);
  }
}

function jsonReport(image: string, result: Caption | EdgecapError): void {
  const line =
    result instanceof EdgecapError
      ? { image, error: { code: result.code, message: result.message } }
      : captionJson(image, result);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function textReport(named: boolean): (image: string, result: Caption | EdgecapError) => void {
  return (image, result) => {
    const name = named ? `${pc.dim(`${image}:`)} ` : "";
    if (result instanceof EdgecapError) {
      process.stderr.write(`${image}: ${pc.red("error")}: ${result.message}\n`);
      return;
    }
    if (result.reason === "unsure")
      process.stderr.write(`${image}: ${pc.yellow("unsure")}: ${unsureMessage(result)}\n`);
    if (result.caption !== "" || result.reason === undefined) process.stdout.write(`${name}${result.caption}\n`);
    for (const { caption } of result.alternatives) process.stdout.write(`${name}${pc.dim("or")} ${caption}\n`);
  };
}
