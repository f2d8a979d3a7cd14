import { nodeTooOld } from "../platform/node_version.ts";

/** Ends the command if Node is too old, before anything fails with a message that helps nobody. */
function checkRuntime(): void {
  const problem = nodeTooOld();
  if (problem === undefined) return;
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

checkRuntime();
