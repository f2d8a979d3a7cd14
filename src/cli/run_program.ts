import { type Command, CommanderError } from "commander";
import pc from "picocolors";
import { EdgecapError, firstThrown, memoryMissing, permissionMissing } from "../errors.ts";
import { Interrupted } from "./interrupt.ts";
import { printable } from "./printable.ts";

/** Exit statuses of every verb. */
export const exitStatus = { done: 0, someFailed: 1, wrongUsage: 2, interrupted: 130 } as const;

/** Other ways to ask for the version, which no verb or option takes. */
const forVersion = /^(?:-v|-version|version)$/;

/**
 * Parses arguments and runs the verb.
 *
 * @returns The exit status: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<number> {
  for (const command of [program, ...program.commands]) command.exitOverride();
  process.stdout.on("error", outputFailed);
  // Deno throws, while the other runtimes emit an event.
  const { stdout } = process;
  const write = stdout.write.bind(stdout) as (...given: unknown[]) => boolean;
  stdout.write = (...given: unknown[]) => {
    try {
      return write(...given);
    } catch (error) {
      return outputFailed(error as NodeJS.ErrnoException);
    }
  };
  // A closed standard error does not make the result wrong.
  const { stderr } = process;
  stderr.on("error", () => {});
  const report = stderr.write.bind(stderr) as (...given: unknown[]) => boolean;
  stderr.write = (...given: unknown[]) => {
    try {
      return report(...given);
    } catch {
      return true;
    }
  };
  try {
    await program.parseAsync(forVersion.test(args.join(" ")) ? ["--version"] : [...args], { from: "user" });
    return Number(process.exitCode ?? exitStatus.done);
  } catch (thrown) {
    const error = firstThrown(thrown);
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.wrongUsage;
    const denied = permissionMissing(error) ?? memoryMissing(error);
    if (denied !== undefined) return sayFailure(denied);
    if (!(error instanceof EdgecapError)) throw error;
    if (error.code === "aborted") {
      process.stderr.write(`${error instanceof Interrupted ? error.message : "Interrupted."}\n`);
      return exitStatus.interrupted;
    }
    return sayFailure(error);
  }
}

function sayFailure(error: EdgecapError): number {
  process.stderr.write(`${pc.red("error")}: ${printable(error.message)}\n`);
  return error.code === "option-invalid" ? exitStatus.wrongUsage : exitStatus.someFailed;
}

/** Ends the process, since standard output accepts nothing more. */
function outputFailed(error: NodeJS.ErrnoException): never {
  const { code, message } = error;
  // A reader that has seen enough, such as head, closes the pipe; that is not an error.
  if (code === "EPIPE" || /\(os error 32\)/.test(message)) process.exit(exitStatus.done);
  const isFull = code === "ENOSPC" || code === "EDQUOT" || /\(os error (?:28|122)\)/.test(message);
  const why = isFull ? "the disk is full" : message;
  process.stderr.write(`${pc.red("error")}: Cannot write to standard output: ${why}.\n`);
  process.exit(exitStatus.someFailed);
}
