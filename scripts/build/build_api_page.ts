/**
 * Builds the page that shows the API to people: Swagger UI, of the package swagger-ui-dist, becomes one compressed
 * document in src/server/page/built_api_page.ts, a module, so that it needs no file at run time and only requests
 * `openapi.json` next to it.
 *
 * `bun run build:page` writes it; a test compares the committed one with its sources.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const swagger = fileURLToPath(new URL("../../node_modules/swagger-ui-dist/", import.meta.url));

/** The module with the built document. */
export const builtApiPageFile = fileURLToPath(new URL("../../src/server/page/built_api_page.ts", import.meta.url));

/** What the page does: no check by swagger.io, and no other document by way of its address. */
const start = `SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  queryConfigEnabled: false,
  validatorUrl: null,
});`;

/** The text of the module. The same sources give the same text. */
export async function buildApiPage(): Promise<string> {
  // The server does not serve the source map.
  const script = withoutMap(await readFile(`${swagger}swagger-ui-bundle.js`, "utf8"));
  const style = withoutMap(await readFile(`${swagger}swagger-ui.css`, "utf8"));
  if (/<\/(?:script|style)/i.test(script + style))
    throw new Error("Swagger UI holds a tag that would end it inside the document.");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>edgecap: the interface</title>
<style>${style}</style>
</head>
<body>
<main id="api"></main>
<noscript><p>This page needs JavaScript. Programs read <a href="openapi.json">openapi.json</a>.</p></noscript>
<script>${script}</script>
<script>${start}</script>
</body>
</html>
`;
  const parts = {
    gzip: gzipSync(html, { level: 9 }).toString("base64"),
    scriptHashes: [script, start].map((text) => `'sha256-${hash(text, "base64")}'`).join(" "),
    styleHash: `'sha256-${hash(style, "base64")}'`,
    etag: `"${hash(html, "hex").slice(0, 32)}"`,
  };
  return `// Built by "bun run build:page" from the package swagger-ui-dist.

/** The document, compressed and in base64, the hashes of its scripts and its style, and its entity tag. */
export const builtApiPage: Readonly<Record<"gzip" | "scriptHashes" | "styleHash" | "etag", string>> = ${JSON.stringify(parts, null, 2)};
`;
}

function withoutMap(text: string): string {
  return text.replace(/\n?(?:\/\/|\/\*)# sourceMappingURL=.*\s*$/, "").trim();
}

/** SHA-256 of a text, as a Content-Security-Policy or a log writes it. */
export function hash(text: string, encoding: "base64" | "hex"): string {
  return new Bun.CryptoHasher("sha256").update(text).digest(encoding);
}
