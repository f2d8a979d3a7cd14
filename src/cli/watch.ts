import type { Command } from "commander";
import { leftOutMessage } from "../caption/left_out_message.ts";
import type { CaptionSettings } from "../caption/options.ts";
import { load } from "../mod.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import { type GalleryForm, galleryForms } from "../watch/gallery_forms.ts";
import { backendOption } from "./backend_option.ts";
import { ownBundleFlag } from "./bundle_flag.ts";
import { addCaptionFlags, captionOptionsOf } from "./caption_flags.ts";
import { hiddenFlag } from "./hidden_flag.ts";
import { interruptSignal } from "./interrupt.ts";
import { printable } from "./printable.ts";
import { reportProblem } from "./report_problem.ts";
import { exitStatus } from "./run_program.ts";
import { addMetadataOptions, reportWritten, type WriteFlags, writeOption } from "./write_option.ts";

/** Options of a caption that the verb has flags for. */
const captionOptions = ["maxCharacters", "neutral", "sentence", "minConfidence", "maxPixels"] as const;

interface WatchFlags extends Pick<CaptionSettings, (typeof captionOptions)[number]>, WriteFlags<GalleryForm> {
  readonly write: readonly GalleryForm[];
  readonly once?: boolean;
  readonly hidden?: boolean;
  readonly bundle?: string;
  readonly backend: BackendChoice;
}

/** Adds `edgecap watch`. */
export function registerWatch(program: Command): void {
  const command = program
    .command("watch")
    .description("Write captions into the pictures of a folder, or into files beside them, and keep them up to date.")
    .argument("<dir>", "folder of pictures, subfolders included")
    .addOption(
      writeOption(
        "json: captions.json; html: a page, index.html; xmp, exif, iptc: the metadata of each picture",
        galleryForms,
      ).makeOptionMandatory(),
    )
    .option("--once", "caption the pictures that are there, and exit")
    .option(...hiddenFlag);
  addCaptionFlags(command, captionOptions)
    .option(...ownBundleFlag)
    .addOption(backendOption())
    .addHelpText(
      "after",
      `
Until Ctrl-C, it also captions pictures that are added or changed, and removes the captions of those that are deleted.
Unchanged pictures are not captioned again. edgecap never overwrites a file that it did not write, or text of others
in the metadata of pictures. All forms share one caption.
With --min-confidence, a sentence that is less sure is replaced by "a photo of ..." with what is sure, or left out.
With --max-characters, so is one that is too long: see docs/alternative_text.md.
Exit status: 0 done, 1 some pictures have no such sentence (with --once), 2 wrong usage, 130 interrupted (with --once).

Examples:
  edgecap watch ~/Pictures/holiday --write html
  edgecap watch photos --write xmp --once
  edgecap watch photos --write json,xmp,iptc --sidecar none --dry-run --once`,
    )
    .action(watch);
  addMetadataOptions(command, "darktable");
}

async function watch(
  folder: string,
  { write, sidecar, force, dryRun, mark, once = false, hidden = false, bundle, backend, ...flags }: WatchFlags,
): Promise<void> {
  const options = captionOptionsOf(flags);
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  await using captioner = await load({ bundle, backend, signal });
  // Other verbs start faster without it.
  const { watchFolder } = await import("../watch/watch_folder.ts");
  const failed = await watchFolder({
    folder,
    forms: write,
    metadata: { sidecar, force, dryRun, mark },
    once,
    hidden,
    onProblem: reportProblem,
    caption: (image, stop) => captioner.caption(image, { ...options, signal: stop }),
    onPicture: (image, picture) => {
      const what =
        picture === undefined
          ? "gone"
          : (picture.caption ?? `no caption: ${picture.error?.message ?? leftOutMessage({ ...picture, caption: "" })}`);
      process.stdout.write(`${printable(`${image}: ${what}`)}\n`);
    },
    onWritten: (image, written) => reportWritten(image, written, dryRun),
    onReady: () => process.stderr.write(`Watching "${printable(folder)}"; Ctrl-C ends.\n`),
    signal,
  });
  if (once && failed > 0) process.exitCode = exitStatus.someFailed;
}
