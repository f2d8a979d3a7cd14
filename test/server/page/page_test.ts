import { describe, expect, test } from "bun:test";
import { page } from "../../../src/server/page/page.ts";

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

describe("page()", () => {
  test("is one document with its style and script inside, and names nothing elsewhere", async () => {
    const response = page();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await response.text();
    expect(html.startsWith("<!doctype html>")).toBe(true);
    expect(html.length).toBeLessThan(96 * 1024);
    const outside = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((found) => found[1]!);
    expect(outside.filter((url) => !url.startsWith("data:"))).toEqual(["docs"]);
    // Namespaces, of SVG and XMP, are names, not addresses.
    const named = [...html.matchAll(/https?:\/\/[^\s"'<]*/g)].map(([found]) => found);
    expect([...new Set(named)].sort()).toEqual([
      "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
      "http://purl.org/dc/elements/1.1/",
      "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
      "http://www.w3.org/2000/svg",
    ]);
    expect(html).not.toMatch(/\son\w+=|\sstyle=|@import|url\(/);
  });

  test("allows only its own script and style, by their hashes", async () => {
    const response = page();
    const policy = response.headers.get("content-security-policy")!;
    const html = await response.text();
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(html)![1]!;
    expect(policy).toContain(`script-src 'sha256-${await sha256(script)}';`);
    expect(policy).toContain(`style-src 'sha256-${await sha256(style)}';`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    for (const [name, value] of [
      ["x-content-type-options", "nosniff"],
      ["referrer-policy", "no-referrer"],
      ["cross-origin-opener-policy", "same-origin"],
    ] as const) {
      expect(response.headers.get(name)).toBe(value);
    }
  });

  test("is sent again only if it has changed", async () => {
    const tag = page().headers.get("etag")!;
    const ask = (ifNoneMatch: string) =>
      page(new Request("http://here/", { headers: { "if-none-match": ifNoneMatch } }));
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const response = ask(known);
      expect(response.status).toBe(304);
      expect(await response.text()).toBe("");
    }
    expect(ask('"other"').status).toBe(200);
    expect(page(new Request("http://here/")).status).toBe(200);
  });
});
