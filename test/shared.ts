import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../shared", import.meta.url));

/** Why tests that read the shared data cannot run, or `undefined` if they can. */
export const noShared: string | undefined = existsSync(folder) ? undefined : "no shared data lies beside this checkout";

/**
 * The folder of shared data that stands beside a developer's checkout, or `undefined` if this checkout has none. Users
 * do not have it: skip what needs it with `testUnless(noShared, …)`.
 */
export function sharedFolder(): string | undefined {
  return noShared === undefined ? folder : undefined;
}
