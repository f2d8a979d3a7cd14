import { built } from "./built.ts";

/**
 * What the page may do, by its Content-Security-Policy: run its own script and style, which are part of the document,
 * show pictures from memory, and talk to the server that it came from. Nothing is fetched from elsewhere.
 */
const policy = [
  "default-src 'none'",
  `script-src '${built.scriptHash}'`,
  `style-src '${built.styleHash}'`,
  "img-src data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(self), clipboard-write=(self), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  // The browser asks again each time, and the page is sent again only if it has changed.
  "cache-control": "no-cache",
  etag: built.etag,
};

/**
 * The page for people: one document with its style and script inside, which requests `v1/captions` next to it.
 *
 * @param request The request to answer; only its `if-none-match` is read. Default: none.
 * @returns 200 with the document, or 304 if the browser has the same one.
 */
export function page(request?: Request): Response {
  return sameTag(request, built.etag)
    ? new Response(null, { status: 304, headers })
    : new Response(built.html, { headers });
}

/** Whether a browser has the document of an entity tag, according to its `if-none-match`. */
export function sameTag(request: Request | undefined, etag: string): boolean {
  const known = request?.headers.get("if-none-match")?.split(",") ?? [];
  return known.map((tag) => tag.trim()).some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag);
}
