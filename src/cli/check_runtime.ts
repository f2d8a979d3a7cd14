import { nodeTooOld } from "../platform/node_version.ts";

/** Ends the command if Node is too old, before something else fails with an unhelpful message. */
function checkRuntime(): void {
  const problem = nodeTooOld();
  if (problem === undefined) return;
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

checkRuntime();
