import { Problem } from "./problem.ts";

/** Methods that a route could have. Others are not allowed in a Request, or would let clients invent metric labels. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A host as in a `Host` header: a name or an address, and a port; no escapes, user or path. */
const hostForm = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/**
 * Normalises a request's URL for routing, whatever runtime and client wrote it.
 *
 * Bun passes a normalised URL, but Deno and Node pass what the client sent. There, `Host: localhost?` or
 * `/models/../healthz` would give another path to a simple search than to a URL parser. So a request whose URL is not
 * normalised is rebuilt from the path and the query of the parsed URL.
 *
 * @returns The request itself if its URL is normalised, otherwise another with the same body, headers and signal.
 * @throws {Problem} `request-invalid` if the host or the target is not valid, `method-not-allowed`
 */
export function canonicalRequest(request: Request): Request {
  if (!methods.has(request.method)) {
    const allow = "GET, HEAD, POST";
    throw new Problem("method-not-allowed", `This server takes ${allow} only.`, { allow });
  }
  // HTTP/1.0 has no such header, and some clients leave it empty.
  const host = request.headers.get("host") ?? "";
  if (host !== "" && !(hostForm.test(host) && URL.canParse(`http://${host}`)))
    throw new Problem("request-invalid", "The header Host is not valid: send a name or an address, and a port.");
  // Without a host Bun gives the target alone.
  const url = URL.parse(request.url.startsWith("/") ? `http://localhost${request.url}` : request.url);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new Problem("request-invalid", "The request's target is not a path on this server.");
  const target = pathOf(url) + url.search;
  if (request.url === url.origin + target) return request;
  return new Request(`http://localhost${target}`, request);
}

/**
 * The path of a URL. In the interfaces for programs slashes in a row count as one, because a client that joins an address
 * with a slash at its end and a path sends two. Elsewhere they do not: a proxy may keep strangers from `/metrics`.
 */
function pathOf({ pathname }: URL): string {
  const single = pathname.replaceAll(/\/{2,}/g, "/");
  return /^\/(?:v1|api)\//.test(single) ? single : pathname;
}
