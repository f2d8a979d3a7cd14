import { isIP } from "node:net";
import { AllowedHosts, isPublic } from "./allowed_hosts.ts";
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
  /** Whether any name is allowed, so that a name says nothing about whose page it is. */
  readonly #any: boolean;

  /**
   * @param names Names besides `localhost` and addresses, `*.name` for all subdomains, or `*` for any.
   * @throws {EdgecapError} `option-invalid`, quoting the name.
   */
  constructor(names: readonly string[]) {
    this.#names = new AllowedHosts(["localhost", "*.localhost", ...names]);
    this.#any = names.includes("*");
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

  /**
   * Whether the page that sends a request belongs to this server: it comes from the host that it calls, from a listed
   * name, or, since a proxy can change the host, from an address that is not public. If any name is allowed, only the
   * first counts.
   */
  allowsOrigin(origin: string, request: Request): boolean {
    const url = URL.parse(origin);
    if (url === null) return false;
    if (url.host === URL.parse(`http://${request.headers.get("host")}`)?.host) return true;
    if (this.#any) return false;
    const address = addressIn(url.hostname);
    return address === undefined ? this.#names.allowsHost(url.hostname) : !isPublic(address);
  }

  #allows(name: string): boolean {
    return addressIn(name) !== undefined || this.#names.allowsHost(name);
  }
}

/** The address that a host is, without the brackets of an IPv6 one; `undefined` if it is a name. */
function addressIn(host: string): string | undefined {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return isIP(address) === 0 ? undefined : address;
}

/**
 * Refuses requests from other sites' pages: browsers send simple posts without a preflight, and a server on
 * localhost would work for any page that its user opens.
 *
 * @param names The listener's names, if it has a list. Browsers send the page's site only to https and localhost; to
 *   other addresses they send the origin alone.
 * @throws {Problem} `origin-forbidden`
 */
export function refuseOtherSites(request: Request, cors: Cors, names: LocalNames | undefined): void {
  if (request.method !== "POST" || cors.allows(request)) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const other =
    site === "cross-site" ||
    site === "same-site" ||
    (site === null && origin !== null && names !== undefined && !names.allowsOrigin(origin, request));
  if (other)
    throw new Problem(
      "origin-forbidden",
      "Pages of other origins may not call this server. To allow one, start the server with --cors ORIGIN.",
    );
}
