import { isIP } from "node:net";
import { AllowedHosts } from "./allowed_hosts.ts";
import type { Cors } from "./cors.ts";
import { Problem } from "./problem.ts";

/**
 * The names by which a listener may be addressed.
 *
 * A page of a stranger can let its own name point to this machine (DNS rebinding) and would then be of the server's own
 * origin, but its requests still carry that name.
 */
export class LocalNames {
  readonly #names: AllowedHosts;

  /**
   * @param names Names beside `localhost` and addresses, `*.name` for all below one, or `*` for any.
   * @throws {EdgecapError} `option-invalid`, quoting the name.
   */
  constructor(names: readonly string[]) {
    this.#names = new AllowedHosts(["localhost", "*.localhost", ...names]);
  }

  /**
   * Lets a request pass, or throws.
   *
   * @throws {Problem} `host-forbidden`
   */
  check(request: Request): void {
    // Browsers always name one.
    const host = request.headers.get("host") ?? "";
    if (host === "" || this.#allows(host.replace(/:\d*$/, ""))) return;
    const message = "This server is not asked by that name: use its address, or start it with --hosts NAME.";
    throw new Problem("host-forbidden", message);
  }

  /** Whether a page of that origin is one of this server's. */
  allowsOrigin(origin: string): boolean {
    const url = URL.parse(origin);
    return url !== null && this.#allows(url.hostname);
  }

  #allows(name: string): boolean {
    return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || this.#names.allowsHost(name);
  }
}

/**
 * Refuses work that a page of another site asks for: browsers send simple posts without asking, and a server on
 * localhost would caption for any page that its user opens.
 *
 * @param names The listener's names, where it has a list; they judge browsers that do not say whose page asks.
 * @throws {Problem} `origin-forbidden`
 */
export function refuseOtherSites(request: Request, cors: Cors, names: LocalNames | undefined): void {
  if (request.method !== "POST" || cors.allows(request)) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const other =
    site === "cross-site" ||
    site === "same-site" ||
    (site === null && origin !== null && names !== undefined && !names.allowsOrigin(origin));
  if (other)
    throw new Problem("origin-forbidden", "Pages of other origins may call only where --cors names their origin.");
}
