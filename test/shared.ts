import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The folder of shared data that stands beside a developer's checkout, or `undefined` with a message where
 * this checkout has none. Users do not have it, so tests that read it pass without it.
 */
export function sharedFolder(): string | undefined {
  const folder = fileURLToPath(new URL("../../shared", import.meta.url));
  if (existsSync(folder)) return folder;
  console.log("No shared data beside this checkout: the tests that compare against it have nothing to read.");
  return undefined;
}
