import { createInterface } from "node:readline";
import type { Command } from "commander";
import { textModule } from "../text/text_module.ts";
import { tokenize } from "../text/tokenizer.ts";

/** Adds `edgecap tokenize`. */
export function registerTokenize(program: Command): void {
  program
    .command("tokenize")
    .description("Split lines of standard input into words, as training does.")
    .option("--json", "print the tokens of each line as a JSON array instead of separated by spaces")
    .addHelpText("after", "\nExample:\n  echo \"A man's dog doesn't bark.\" | edgecap tokenize --json")
    .action(async (flags: { json?: boolean }) => {
      await textModule();
      for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
        const tokens = tokenize(line);
        process.stdout.write(`${flags.json === true ? JSON.stringify(tokens) : tokens.join(" ")}\n`);
      }
    });
}
