import { gunzipSync } from "node:zlib";
import { sameTag } from "./page.ts";

/**
 * The API in a reader for people: Swagger UI, one document that only requests `openapi.json` next to it.
 *
 * @param request The request to answer; its `if-none-match` and `accept-encoding` are read.
 * @returns 200 with the document, or 304 if the browser has the same one.
 */
export async function reader(request: Request): Promise<Response> {
  // Loaded on demand: half a megabyte that most servers never send.
  const { builtReader } = await import("./built_reader.ts");
  const { gzip, scriptHashes, styleHash, etag } = builtReader;
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
