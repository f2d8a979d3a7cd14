import licences from "../../THIRD_PARTY_LICENSES.txt" with { type: "file" };
import { registerLicences } from "./licences.ts";
import { buildProgram } from "./program.ts";
import { runProgram } from "./run_program.ts";

process.exitCode = await runProgram(buildProgram([registerLicences(licences)]), process.argv.slice(2));
