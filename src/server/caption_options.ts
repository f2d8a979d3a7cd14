import { Value } from "@sinclair/typebox/value";
import { optionRow } from "../caption/option_table.ts";
import { anyModel, resolveOptions } from "../caption/options.ts";
import type { JobOptions } from "../pool/messages.ts";
import { Problem } from "./problem.ts";
import { optionsSchema } from "./schemas.ts";

/** Longest text of an option, in characters. */
const longestText = 100;

/**
 * Options from the texts of a query or a form.
 *
 * @throws {Problem} `option-invalid`, naming the option.
 */
export function optionsOfTexts(texts: Iterable<readonly [string, string]>): JobOptions {
  const found: Record<string, unknown> = {};
  for (const [name, text] of texts) {
    if (!Object.hasOwn(optionsSchema.properties, name)) {
      const known = Object.keys(optionsSchema.properties).join(", ");
      throw new Problem("option-invalid", `"${shortened(name)}" is not an option: use ${known}.`);
    }
    if (Object.hasOwn(found, name)) throw new Problem("option-invalid", `${name} is given twice: give it once.`);
    if (text.length > longestText)
      throw new Problem("option-invalid", `${name} has ${text.length} characters; the limit is ${longestText}.`);
    found[name] = parsedText(name as keyof JobOptions, text);
  }
  return checkedOptions(found);
}

/**
 * Options from a JSON body or texts, checked against the schema and against each other.
 *
 * @throws {Problem} `option-invalid`, naming the option.
 */
export function checkedOptions(options: Readonly<Record<string, unknown>>): JobOptions {
  const error = Value.Errors(optionsSchema, options).First();
  if (error !== undefined) {
    const name = shortened(error.path.slice(1));
    const value = shortened(JSON.stringify(error.value) ?? "undefined");
    throw new Problem("option-invalid", `${name} is ${value}: ${error.message.toLowerCase()}.`);
  }
  // Conflicting options are refused here, not in a worker.
  resolveOptions(options as JobOptions, anyModel);
  return options as JobOptions;
}

function parsedText(name: keyof JobOptions, text: string): unknown {
  if (optionRow(name).kind === "switch") {
    if (text === "true" || text === "1" || text === "") return true;
    return text === "false" || text === "0" ? false : text;
  }
  // A number as in JSON: no spaces, no hexadecimal.
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
