import { isIP } from "node:net";
import { AllowedHosts } from "./allowed_hosts.ts";
import type { Cors } from "./cors.ts";
import { Problem } from "./problem.ts";

/**
 * The host names that a listener answers to.
 *
 * Another site's page can point its own name to this machine (DNS rebinding) and would then have the server's own
 * origin, but its requests still carry that name.
 */
export class LocalNames {
  readonly #names: AllowedHosts;

  /**
   * @param names Names besides `localhost` and addresses, `*.name` for all subdomains, or `*` for any.
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
    // Browsers always send a host.
    const host = request.headers.get("host") ?? "";
    if (host === "" || this.#allows(host.replace(/:\d*$/, ""))) return;
    const message = "This server does not answer to that name: use its address, or start it with --hosts NAME.";
    throw new Problem("host-forbidden", message);
  }

  /** Whether an origin belongs to this server. */
  allowsOrigin(origin: string): boolean {
    const url = URL.parse(origin);
    return url !== null && this.#allows(url.hostname);
  }

  #allows(name: string): boolean {
    return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || this.#names.allowsHost(name);
  }
}

/**
 * Refuses requests from other sites' pages: browsers send simple posts without a preflight, and a server on
 * localhost would work for any page that its user opens.
 *
 * @param names The listener's names, if it has a list, for browsers that do not send the page's site.
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
    throw new Problem(
      "origin-forbidden",
      "Pages of other origins may not call this server: start it with --cors ORIGIN.",
    );
}
