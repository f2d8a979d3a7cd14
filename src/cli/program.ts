import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { registerCaption } from "./caption.ts";
import { registerCompletion } from "./completion.ts";
import { registerEvaluate } from "./evaluate.ts";
import { registerExport } from "./export.ts";
import { registerFeatures } from "./features.ts";
import { registerModels } from "./models.ts";
import { registerServe } from "./serve.ts";
import { registerTokenize } from "./tokenize.ts";
import { registerTrain } from "./train.ts";

/** The command line with all its verbs. */
export function buildProgram(): Command {
  const program = new Command("edgecap")
    .description("A photo goes in, a sentence comes out, on the edge.")
    .version(packageJson.version)
    .showHelpAfterError("(--help says more)")
    .enablePositionalOptions();
  registerCaption(program);
  registerModels(program);
  registerTokenize(program);
  registerFeatures(program);
  registerTrain(program);
  registerExport(program);
  registerEvaluate(program);
  registerServe(program);
  registerCompletion(program);
  return program;
}
