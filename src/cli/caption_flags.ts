import { type Command, Option } from "commander";
import { type OptionName, optionRow, optionTable } from "../caption/option_table.ts";
import type { CaptionSettings } from "../caption/options.ts";
import { realNumber, wholeNumber } from "./option_values.ts";

/** Adds the flags of some options of a caption to a verb: `--max-words <n>` for `maxWords`. */
export function addCaptionFlags(command: Command, names: readonly OptionName[]): Command {
  for (const name of names) command.addOption(captionFlag(name));
  return command;
}

/** The flag of one option of a caption. */
export function captionFlag(name: OptionName): Option {
  const row = optionRow(name);
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (row.kind === "switch") return new Option(flag, begunSmall(row.says));
  const otherwise = row.otherwise === undefined ? "" : ` (default: ${row.otherwise})`;
  const value = row.kind === "whole" ? "<n>" : "<x>";
  return new Option(`${flag} ${value}`, `${begunSmall(row.says)}${otherwise}`).argParser(
    (row.kind === "whole" ? wholeNumber : realNumber)(row.low, row.high),
  );
}

/** The options of a caption among the values of a verb's flags. */
export function captionOptionsOf(flags: object): CaptionSettings {
  return Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => Object.hasOwn(optionTable, name) && value !== undefined),
  );
}

function begunSmall(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
