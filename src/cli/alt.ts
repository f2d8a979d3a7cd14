import type { Command } from "commander";
import pc from "picocolors";
import type { CaptionSettings } from "../caption/options.ts";
import { load } from "../mod.ts";
import type { BackendChoice } from "../runtime/backend.ts";
import type { AltOutcome, AltReport } from "../site/fill_alt.ts";
import { backendOption } from "./backend_option.ts";
import { ownBundleFlag } from "./bundle_flag.ts";
import { addCaptionFlags, captionOptionsOf } from "./caption_flags.ts";
import { hiddenFlag } from "./hidden_flag.ts";
import { interruptSignal, withInterruptMessage } from "./interrupt.ts";
import { printable } from "./printable.ts";
import { reportProblem } from "./report_problem.ts";
import { exitStatus } from "./run_program.ts";

/** Options of a caption that the verb has flags for. */
const captionOptions = ["maxCharacters", "neutral", "sentence", "minConfidence", "maxPixels"] as const;

interface AltFlags extends Pick<CaptionSettings, (typeof captionOptions)[number]> {
  readonly write?: boolean;
  readonly json?: boolean;
  readonly hidden?: boolean;
  readonly bundle?: string;
  readonly backend: BackendChoice;
}

/** Adds `edgecap alt`. */
export function registerAlt(program: Command): void {
  const command = program
    .command("alt")
    .description("Fill in missing alternative text in the HTML and Markdown files of a site.")
    .argument("<dir>", "folder of the site, subfolders included")
    .option("--write", "change the files (default: print what would change, as a diff)")
    .option("--json", "print one line of JSON per picture of a document instead of the diff")
    .option(...hiddenFlag);
  addCaptionFlags(command, captionOptions)
    .option(...ownBundleFlag)
    .addOption(backendOption())
    .addHelpText(
      "after",
      `
Pictures without an alt attribute get one, and Markdown such as ![](photo.jpg) gets a text. alt="" marks a picture as decorative and is kept.
Nothing else in a file changes. Addresses that begin with a slash are relative to the site's folder.
Exit status: 0 done, 1 some files could not be read or written, or some pictures have no such sentence, 2 wrong usage, 130 interrupted.

Examples:
  edgecap alt site/
  edgecap alt site/ --min-confidence 0.2 > alt.diff
  edgecap alt site/ --write`,
    )
    .action(alt);
}

async function alt(
  folder: string,
  { write = false, json = false, hidden = false, bundle, backend, ...flags }: AltFlags,
): Promise<void> {
  const options = captionOptionsOf(flags);
  using interrupt = interruptSignal();
  const { signal } = interrupt;
  await using stack = new AsyncDisposableStack();
  let loading: ReturnType<typeof load> | undefined;
  // A site without missing texts needs no model.
  const captioner = () => (loading ??= load({ bundle, backend, signal }).then((loaded) => stack.use(loaded)));
  let written = 0;
  // Other verbs start faster without it.
  const { fillAlt } = await import("../site/fill_alt.ts");
  const counts = await withInterruptMessage(
    () =>
      fillAlt({
        folder,
        write,
        hidden,
        caption: async (image, stop) => (await captioner()).caption(image, { ...options, signal: stop }),
        onProblem: reportProblem,
        onChange: (document, difference, filled) => {
          if (write) written++;
          if (json) return;
          process.stdout.write(write ? `${printable(document)}: ${filled} filled\n` : difference);
        },
        onPicture: (report) => {
          if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
          else if (noteworthy.has(report.outcome)) process.stderr.write(note(report));
        },
        signal,
      }),
    () => (write ? `: ${written} files are written; run the same command to continue.` : "; nothing is written."),
  );
  process.stderr.write(summary(counts, write));
  if (counts.missing + counts.unsure + counts.failed > 0) process.exitCode = exitStatus.someFailed;
}

/** Outcomes that people have to look at. */
const noteworthy: ReadonlySet<AltOutcome> = new Set(["missing", "unsure", "failed"]);

function note({ document, line, source, outcome, why }: AltReport): string {
  return `${printable(document)}:${line}: ${pc.yellow(outcome)}: ${printable(`${source}: ${why}`)}\n`;
}

const words: Readonly<Record<AltOutcome, string>> = {
  filled: "filled",
  present: "had a text",
  decorative: "decorative",
  hidden: "hidden from screen readers",
  template: "made by a template",
  sourceless: "without an address",
  remote: "elsewhere",
  missing: "not found",
  unsure: "less sure or longer than requested",
  failed: "could not be captioned",
};

function summary(counts: Readonly<Record<AltOutcome, number>>, write: boolean): string {
  const { filled } = counts;
  const first = write || filled === 0 ? `${filled} filled` : `${filled} to be filled, nothing written`;
  const rest = (Object.keys(words) as AltOutcome[])
    .filter((outcome) => outcome !== "filled" && counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${words[outcome]}`);
  return `${[first, ...rest].join(", ")}\n`;
}
