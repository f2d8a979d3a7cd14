/** Headers that a page may send, unless its preflight asks for others. */
const usualHeaders = "authorization, cache-control, content-type, x-request-id";

/** A list of header names, of a length that real clients need. */
const headerList = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
const longestList = 2000;

/** Lets pages of other origins call the server, if the operator names them. */
export class Cors {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** The answer to a preflight request; `undefined` for other requests and forbidden origins. */
  preflight(request: Request): Response | undefined {
    const isPreflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    if (!isPreflight || !this.allows(request)) return undefined;
    const response = new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": allowedHeaders(request),
        "access-control-max-age": "600",
        // Some browsers send a preflight before a page of the internet may call a local address.
        ...(request.headers.get("access-control-request-private-network") === "true" && {
          "access-control-allow-private-network": "true",
        }),
      },
    });
    return response;
  }

  /** Adds headers that let the page read the answer. */
  mark(request: Request, headers: Headers): void {
    if (this.#origins.size === 0) return;
    headers.append("vary", "origin");
    if (!this.allows(request)) return;
    headers.set("access-control-allow-origin", this.#origins.has("*") ? "*" : request.headers.get("origin")!);
    headers.set("access-control-expose-headers", "cache-status, edgecap-note, retry-after, x-request-id");
  }

  /** Whether the request comes from a page of an allowed origin. */
  allows(request: Request): boolean {
    const origin = request.headers.get("origin");
    return origin !== null && (this.#origins.has("*") || this.#origins.has(origin));
  }
}

/**
 * The headers that the page asks for: clients of other servers add their own, such as `x-stainless-os` of OpenAI's and
 * `ocp-apim-subscription-key` of Azure's. The origin is what decides.
 */
function allowedHeaders({ headers }: Request): string {
  const asked = headers.get("access-control-request-headers")?.trim() ?? "";
  return asked.length <= longestList && headerList.test(asked) ? asked : usualHeaders;
}
