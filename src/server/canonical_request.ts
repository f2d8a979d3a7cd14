import { Problem } from "./problem.ts";

/** Methods that a route could have. Others cannot be written into a Request, or would make a name of the client's own. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A host as a `Host` header names it: a name or an address, and a port. No escapes, no user, no path. */
const hostForm = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i;

/**
 * Brings a request's URL into the one form that routes are found by, whatever runtime and client wrote it.
 *
 * Bun hands over a normal form, Deno and Node what the client sent, and Elysia searches that text for the path: `Host:
 * localhost?` or `/models/../healthz` would lead it elsewhere than a parser of URLs. So a request whose text is not
 * already normal is rebuilt from the parsed URL, of which the path and the query count, and nothing else.
 *
 * @returns The request itself where its URL is in normal form, else another with the same body, headers and signal.
 * @throws {Problem} `request-invalid` where the host or the target makes no sense, `method-not-allowed`
 */
export function canonicalRequest(request: Request): Request {
  if (!methods.has(request.method)) {
    const allow = "GET, POST";
    throw new Problem("method-not-allowed", `This server takes ${allow} only.`, { allow });
  }
  // HTTP/1.0 has none, and some clients leave it empty.
  const host = request.headers.get("host") ?? "";
  if (host !== "" && !(hostForm.test(host) && URL.canParse(`http://${host}`)))
    throw new Problem("request-invalid", "The header Host names no host: send a name or an address, and a port.");
  // Without a host Bun gives the target alone.
  const url = URL.parse(request.url.startsWith("/") ? `http://localhost${request.url}` : request.url);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new Problem("request-invalid", "The request's target is no path of this server.");
  const target = url.pathname + url.search;
  // Elysia looks for the path behind the eleventh character, which a short host name does not reach.
  if (request.url === url.origin + target && url.origin.length >= "http://abcd".length) return request;
  return new Request(`http://localhost${target}`, request);
}
