import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { apiPage } from "../../../src/server/page/api_page.ts";

const ask = (headers: Readonly<Record<string, string>> = {}) => apiPage(new Request("http://here/docs", { headers }));

describe("apiPage()", () => {
  test("is one document, whose policy allows its scripts and style alone, by their hashes", async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('url: "openapi.json"');
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).not.toContain("unsafe");
    const parts = [...html.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)];
    expect(parts.map(([, tag]) => tag)).toEqual(["style", "script", "script"]);
    for (const [, tag, text] of parts) {
      const hash = createHash("sha256").update(text!).digest("base64");
      expect(policy.split("; ").find((rule) => rule.startsWith(`${tag}-src`))).toContain(`'sha256-${hash}'`);
    }
    expect(html).not.toMatch(/<(?:script|img|iframe)[^>]*\ssrc=|sourceMappingURL|@import/);
  });

  test("is compressed for clients that accept it", async () => {
    const plain = await (await ask()).text();
    for (const accepted of ["gzip", "br, gzip;q=0.5", "GZIP, deflate"]) {
      const response = await ask({ "accept-encoding": accepted });
      expect([accepted, response.headers.get("content-encoding")]).toEqual([accepted, "gzip"]);
      expect(gunzipSync(await response.bytes()).toString()).toBe(plain);
    }
    for (const accepted of ["br", "gzip;q=0", "gzip; q=0.0, br", "identity"]) {
      expect([accepted, (await ask({ "accept-encoding": accepted })).headers.get("content-encoding")]).toEqual([
        accepted,
        null,
      ]);
    }
  });

  test("is sent again only if it has changed", async () => {
    const etag = (await ask()).headers.get("etag")!;
    const known = await ask({ "if-none-match": `"x", W/${etag}` });
    expect([known.status, await known.text()]).toEqual([304, ""]);
    expect((await ask({ "if-none-match": '"x"' })).status).toBe(200);
  });
});
