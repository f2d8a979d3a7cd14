import { runtimeName } from "./runtime_name.ts";

/** The oldest Node that works, as `engines` of package.json names it. */
export const leastNode = "22.22";

/**
 * Says that Node is too old; `undefined` on a newer one and on other runtimes. Older ones lack globals, and would fail
 * with messages that help nobody.
 *
 * @param node Version of Node; `undefined` on other runtimes.
 */
export function nodeTooOld(
  node: string | undefined = runtimeName() === "Node" ? process.versions.node : undefined,
): string | undefined {
  if (node === undefined) return undefined;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = leastNode.split(".").map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `edgecap needs Node ${leastNode} or newer, Bun or Deno: this is Node ${node}.`;
}
