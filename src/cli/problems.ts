import pc from "picocolors";
import type { EdgecapError } from "../errors.ts";
import { exitStatus } from "./run_program.ts";

/** Says what was passed over, on standard error; the verb goes on, and ends with status 1. */
export function reportProblem(error: EdgecapError): void {
  process.stderr.write(`${pc.red("error")}: ${error.message}\n`);
  process.exitCode = exitStatus.someFailed;
}

/** What `--hidden` does, for every verb that goes through folders. */
export const hiddenFlag = [
  "--hidden",
  "also take hidden and system files and folders, such as .thumbnails, @eaDir and $RECYCLE.BIN",
] as const;
