import { gunzipSync } from "node:zlib";
import { sameTag } from "./page.ts";

/**
 * The page that documents the API for people: Swagger UI, one document that only requests `openapi.json` next to it.
 *
 * @param request The request to answer; its `if-none-match` and `accept-encoding` are read.
 * @returns 200 with the document, 304 if the browser has the same one, or 302 for a path with a slash at its end.
 */
export async function apiPage(request: Request): Promise<Response> {
  // The document requests what is next to it, which a path with a slash at its end would change.
  if (new URL(request.url).pathname.endsWith("/"))
    return new Response(null, { status: 302, headers: { location: "../docs" } });
  // Loaded on demand: half a megabyte that most servers never send.
  const { builtApiPage } = await import("./built_api_page.ts");
  const { gzip, scriptHashes, styleHash, etag } = builtApiPage;
  const headers = new Headers({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy(scriptHashes, styleHash),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
    vary: "accept-encoding",
    etag,
  });
  if (sameTag(request, etag)) return new Response(null, { status: 304, headers });
  const packed = Buffer.from(gzip, "base64");
  if (!/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(request.headers.get("accept-encoding") ?? "")) {
    return new Response(gunzipSync(packed), { headers });
  }
  headers.set("content-encoding", "gzip");
  return new Response(packed, { headers });
}

/**
 * Its own scripts and style run, and it asks the server that it came from. Swagger UI sets markup, so trusted types
 * are not required.
 */
function policy(scriptHashes: string, styleHash: string): string {
  return [
    "default-src 'none'",
    `script-src ${scriptHashes}`,
    `style-src ${styleHash}`,
    "img-src data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
