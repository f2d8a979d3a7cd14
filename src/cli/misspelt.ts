import { nearest } from "../caption/known_options.ts";
import { EdgecapError } from "../errors.ts";
import { isGranted } from "../platform/runtime_name.ts";

/** What the names of edgecap's variables begin with. */
const prefix = "EDGECAP_";

/** The environment variables that edgecap reads, without the prefix. */
const known = ["backend", "cache", "tokens"];

/**
 * Refuses a misspelt environment variable: it would have no effect, and a server whose EDGECAP_TOKENS is misspelt would
 * be open to everybody. Other variables with edgecap's prefix are ignored: Kubernetes sets some for each service.
 *
 * @throws {EdgecapError} `option-invalid`
 */
export function refuseMisspelt(): void {
  if (!isGranted({ name: "env" })) return;
  for (const name of Object.keys(process.env)) {
    if (!name.toUpperCase().startsWith(prefix)) continue;
    const meant = nearest(name.slice(prefix.length), known);
    const right = `${prefix}${meant?.toUpperCase()}`;
    // Windows ignores the case of names.
    const isRight = name === right || (process.platform === "win32" && name.toUpperCase() === right);
    if (meant === undefined || isRight) continue;
    throw new EdgecapError("option-invalid", `There is no variable ${name}: rename it to ${right}, or unset it.`);
  }
}
