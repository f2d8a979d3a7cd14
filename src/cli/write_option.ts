import { type Command, InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import { EdgecapError } from "../errors.ts";
import type { FieldReport } from "../metadata/fields.ts";
import { type SidecarName, sidecarNames } from "../metadata/sidecar_names.ts";
import type { Written } from "../metadata/write_text.ts";
import { printable } from "./printable.ts";

/** How text is written into pictures. */
export interface WriteFlags<Form extends string> {
  readonly write?: readonly Form[];
  readonly sidecar?: SidecarName;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  /** False with `--no-mark`. */
  readonly mark: boolean;
}

/** `--write`, which takes some of several forms, with commas between them. */
export function writeOption<Form extends string>(description: string, forms: readonly Form[]): Option {
  return new Option("--write <forms>", `${description}; separate several with commas`).argParser(
    (text, before: readonly Form[] | undefined) => {
      const added = text.split(",").map((form) => {
        const found = forms.find((one) => one === form.trim());
        if (found === undefined) throw new InvalidArgumentError(`"${form}" is not one of ${forms.join(", ")}.`);
        return found;
      });
      // If the option is given twice, both values count.
      return [...new Set([...(before ?? []), ...added])];
    },
  );
}

/** Adds the options that need `--write`. */
export function addMetadataOptions(command: Command, usualSidecar: SidecarName): Command {
  return command
    .addOption(
      new Option(
        "--sidecar <name>",
        `where --write xmp writes the text of a.jpg: none into the picture, darktable into a.jpg.xmp (digiKam reads it too), adobe into a.xmp (default: ${usualSidecar})`,
      ).choices([...sidecarNames]),
    )
    .option("--force", "with --write: replace text that others wrote, and add to their keywords")
    .option("--dry-run", "with --write: only print what would be written")
    .option("--no-mark", "with --write: do not record in the file what edgecap wrote");
}

/**
 * Checks that no option is given that needs `--write`.
 *
 * @throws {EdgecapError} `option-invalid`
 */
export function refuseWithoutWrite({ write, sidecar, force, dryRun, mark }: WriteFlags<string>): void {
  if (write !== undefined) return;
  const given = { "--sidecar": sidecar !== undefined, "--force": force, "--dry-run": dryRun, "--no-mark": !mark };
  const wrong = Object.entries(given).find(([, isGiven]) => isGiven)?.[0];
  if (wrong !== undefined)
    throw new EdgecapError("option-invalid", `${wrong} goes with --write: name the forms to write.`);
}

/** Reports on standard error what was written or would be, and what could not be written. */
export function reportWritten(image: string, { files, error }: Written, dryRun = false): void {
  for (const { path, fields } of files) {
    const say = (outcome: FieldReport["outcome"], what: string) => {
      const found = fields.filter((field) => field.outcome === outcome);
      const list = found.map(({ field, value }) => `${field} ${JSON.stringify(value)}`).join(", ");
      if (found.length > 0) process.stderr.write(`${pc.dim(`${printable(path)}:`)} ${what} ${list}\n`);
    };
    say("written", dryRun ? "would write" : "wrote");
    say("removed", dryRun ? "would remove" : "removed");
    say("kept", `${pc.yellow("left")} what others wrote (--force replaces it):`);
  }
  if (error !== undefined)
    process.stderr.write(`${printable(image)}: ${pc.red("not written")}: ${printable(error.message)}\n`);
}
