import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../shared", import.meta.url));

/** The reason why tests that read the shared data cannot run; `undefined` if they can. */
export const noShared: string | undefined = existsSync(folder) ? undefined : "no shared data lies beside this checkout";

/**
 * The folder of shared data beside a developer's checkout, or `undefined` if there is none. Users do not have it: skip
 * tests that need it with `testUnless(noShared, …)`.
 */
export function sharedFolder(): string | undefined {
  return noShared === undefined ? folder : undefined;
}
