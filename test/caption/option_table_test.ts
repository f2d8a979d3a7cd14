import { describe, expect, test } from "bun:test";
import { acceptedBy, accepts, type OptionName, optionRow, optionTable } from "../../src/caption/option_table.ts";
import { anyModel, type CaptionOptions, resolveOptions } from "../../src/caption/options.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { optionsOfTexts } from "../../src/server/caption_options.ts";

const names = Object.keys(optionTable) as OptionName[];
function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
  return undefined;
}

const flagOf = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

describe("the table of options", () => {
  test("includes its limits and excludes what is beyond, in the library and in the server", () => {
    for (const name of names) {
      const row = optionRow(name);
      if (row.kind === "switch") continue;
      const step = row.kind === "whole" ? 1 : 0.001;
      const together = { ...(name.startsWith("top") && { temperature: 1 }) };
      const taken = (value: number) => codeOf(() => resolveOptions({ ...together, [name]: value }, anyModel));
      const sent = (value: number) =>
        codeOf(() => optionsOfTexts(Object.entries({ ...together, [name]: value }).map(([a, b]) => [a, `${b}`])));
      const sentToo = name !== "maxPixels";
      for (const value of [row.high, "above" in row && row.above ? row.low + step : row.low]) {
        expect([name, value, taken(value)]).toEqual([name, value, undefined]);
        if (sentToo) expect([name, value, sent(value)]).toEqual([name, value, undefined]);
      }
      for (const value of [row.low - step, row.high + (row.high > 1e9 ? 2 : step)]) {
        expect([name, value, taken(value)]).toEqual([name, value, "option-invalid"]);
        if (sentToo) expect([name, value, sent(value)]).toEqual([name, value, "option-invalid"]);
      }
      expect(acceptedBy(row)).toContain(String(row.high));
    }
  });

  test("accepts only true and false for a switch", () => {
    expect([true, false, "true", 1, undefined].map((value) => accepts(optionTable.neutral, value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    for (const wrong of ["yes", 1])
      expect(() => resolveOptions({ neutral: wrong } as unknown as CaptionOptions, anyModel)).toThrow("true or false");
  });

  test("has a flag of `caption` for each, and those of writing in every verb that captions", () => {
    const commands = new Map(buildProgram().commands.map((command) => [command.name(), command]));
    const flags = (verb: string) => commands.get(verb)!.options.map(({ long }) => long);
    expect(flags("caption")).toEqual(expect.arrayContaining(names.map(flagOf)));
    for (const verb of ["caption", "batch", "watch", "serve"])
      expect(flags(verb)).toEqual(
        expect.arrayContaining(["--max-characters", "--neutral", "--sentence", "--min-confidence"]),
      );
  });
});
