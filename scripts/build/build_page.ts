/**
 * Builds the server's page: src/server/page/client/ becomes one document in src/server/page/built.ts, a
 * module, so that it needs no file at run time on Bun, on Deno and in an executable.
 *
 * `bun run build:page` writes it; a test compares the committed one with its sources.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { buildApiPage, builtApiPageFile, hash } from "./build_api_page.ts";

const client = fileURLToPath(new URL("../../src/server/page/client/", import.meta.url));

/** The module with the built document. */
export const builtFile = fileURLToPath(new URL("../../src/server/page/built.ts", import.meta.url));

/** The text of the module. The same sources give the same text. */
export async function buildPage(): Promise<string> {
  const script = await bundle("main.ts");
  const style = await bundle("style.css");
  // Functions, because `$` has a meaning in the text of a replacement.
  const html = (await readFile(`${client}index.html`, "utf8"))
    .replace(/<style><\/style>/, () => `<style>${style}</style>`)
    .replace(/<script type="module"><\/script>/, () => `<script type="module">${script}</script>`);
  const parts = {
    html,
    scriptHash: `sha256-${hash(script, "base64")}`,
    styleHash: `sha256-${hash(style, "base64")}`,
    etag: `"${hash(html, "hex").slice(0, 32)}"`,
  };
  return `// Built by "bun run build:page" from the folder client: change that and build again.

/** The page's document, the hashes of its script and its style, and its entity tag. */
export const built: Readonly<Record<"html" | "scriptHash" | "styleHash" | "etag", string>> = ${JSON.stringify(parts, null, 2)};
`;
}

async function bundle(file: string): Promise<string> {
  const { outputs } = await Bun.build({ entrypoints: [client + file], target: "browser", minify: true });
  const text = (await outputs[0]!.text()).trim();
  if (/<\/(?:script|style)/i.test(text))
    throw new Error(`"${file}" holds a tag that would end it inside the document.`);
  return text;
}

if (import.meta.main) {
  for (const [file, build] of [
    [builtFile, buildPage],
    [builtApiPageFile, buildApiPage],
  ] as const) {
    const text = await build();
    await writeAtomically(file, text);
    console.log(`${file}: ${text.length} characters.`);
  }
}
