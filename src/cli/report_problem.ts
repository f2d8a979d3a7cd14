import pc from "picocolors";
import type { EdgecapError } from "../errors.ts";
import { printable } from "./printable.ts";
import { exitStatus } from "./run_program.ts";

/** Reports what was skipped on standard error; the verb continues, and ends with status 1. */
export function reportProblem(error: EdgecapError): void {
  process.stderr.write(`${pc.red("error")}: ${printable(error.message)}\n`);
  process.exitCode = exitStatus.someFailed;
}
