import packageJson from "../../package.json" with { type: "json" };
import { runtimeName } from "../platform/runtime_name.ts";

/** Ends the command if Node is too old, before anything fails with a message that helps nobody. */
function checkRuntime(): void {
  const { node } = process.versions;
  const [least] = /\d+\.\d+/.exec(packageJson.engines.node)!;
  if (runtimeName() !== "Node" || atLeast(node, least)) return;
  process.stderr.write(`edgecap needs Node ${least} or newer, Bun or Deno: this is Node ${node}.\n`);
  process.exit(1);
}

function atLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

checkRuntime();
