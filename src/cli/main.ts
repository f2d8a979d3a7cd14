#!/usr/bin/env bun
import "./check_runtime.ts";

import { registerExport } from "./export.ts";
import { registerFeatures } from "./features.ts";
import { registerLicences } from "./licences.ts";
import { buildProgram } from "./program.ts";
import { runProgram } from "./run_program.ts";
import { registerTrain } from "./train.ts";

const licences = registerLicences(new URL("../../THIRD_PARTY_LICENSES.txt", import.meta.url));
process.exitCode = await runProgram(
  buildProgram([registerFeatures, registerTrain, registerExport, licences]),
  process.argv.slice(2),
);
