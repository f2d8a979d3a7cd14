#!/usr/bin/env bun
import { registerExport } from "./export.ts";
import { registerFeatures } from "./features.ts";
import { buildProgram } from "./program.ts";
import { runProgram } from "./run_program.ts";
import { registerTrain } from "./train.ts";

process.exitCode = await runProgram(
  buildProgram([registerFeatures, registerTrain, registerExport]),
  process.argv.slice(2),
);
