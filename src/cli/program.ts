import { existsSync } from "node:fs";
import { Command } from "commander";
import { imageName } from "../batch/image_names.ts";
import { registerAlt } from "./alt.ts";
import { registerAssets } from "./assets.ts";
import { registerBatch } from "./batch.ts";
import { registerCaption } from "./caption.ts";
import { registerCompletion } from "./completion.ts";
import { registerDeadLetters } from "./dead_letters.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEvaluate } from "./evaluate.ts";
import { registerHealthcheck } from "./healthcheck.ts";
import { refuseMisspelt } from "./misspelt.ts";
import { registerModels } from "./models.ts";
import { printable } from "./printable.ts";
import { registerServe } from "./serve.ts";
import { registerTokenize } from "./tokenize.ts";
import { versionText } from "./version.ts";
import { registerWatch } from "./watch.ts";
import { registerWorker } from "./worker.ts";

/** Adds a verb to the command line. */
export type RegisterVerb = (program: Command) => void;

/** What to do with a file whose name was taken for an option; empty for other messages. */
function dashHint(message: string): string {
  const name = /^error: unknown option '(-[^']*)'/.exec(message)?.[1];
  if (name === undefined || (!imageName.test(name) && !existsSync(name))) return "";
  return `(for a file of that name, give ./${printable(name)})\n`;
}

/**
 * The command line: the verbs that caption, serve and score, which are all that an executable has, and `more`.
 *
 * @param more Verbs that need what an executable leaves out, such as tfjs.
 */
export function buildProgram(more: readonly RegisterVerb[] = []): Command {
  const program = new Command("edgecap")
    .description("Describe pictures in a sentence, on your own machine.")
    .version(versionText())
    .showHelpAfterError("(use --help for the options)")
    .configureOutput({ outputError: (message, write) => write(message + dashHint(message)) })
    .enablePositionalOptions()
    .hook("preAction", refuseMisspelt);
  const verbs = [
    ...[registerCaption, registerServe, registerModels, registerTokenize, registerEvaluate],
    ...[registerBatch, registerWatch, registerAlt, registerWorker, registerDeadLetters],
    ...[registerHealthcheck, registerDoctor, registerAssets],
  ];
  for (const register of [...verbs, ...more, registerCompletion]) register(program);
  return program;
}
