/**
 * Writes the reference of the public API from the docstrings, with `deno doc`: one folder per entry point of
 * package.json, and an index of them.
 *
 * usage: bun run docs:api [FOLDER]     (default dist/docs)
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

const { exports, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string>>;
  readonly version: string;
};

/** The first sentence of a module's own docstring. */
function sentenceOf(entry: string): string {
  return /^\/\*\*\n \* (.+)$/m.exec(readFileSync(join(root, entry), "utf8"))?.[1] ?? "";
}

const out = resolve(process.argv[2] ?? join(root, "dist/docs"));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const items: string[] = [];
for (const [path, entry] of Object.entries(exports)) {
  if (!entry.endsWith(".ts")) continue;
  const name = path.replace(".", "edgecap");
  const folder = name.split("/").at(-1)!;
  const args = ["doc", "--html", `--name=${name}`, `--output=${join(out, folder)}`, entry];
  const { status, stderr } = spawnSync(join(root, "node_modules/deno/deno"), args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`deno doc cannot read ${entry}: ${stderr}`);
  items.push(`<dt><a href="${folder}/index.html">${name}</a></dt><dd>${sentenceOf(entry)}</dd>`);
}
writeFileSync(
  join(out, "index.html"),
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>edgecap ${version}</title>
<style>body { font: 1.1rem/1.5 system-ui; max-width: 40rem; margin: 3rem auto; padding: 0 1rem } dt { margin-top: 1rem; font-weight: 600 } dd { margin: 0 }</style>
<h1>edgecap ${version}</h1>
<dl>
${items.join("\n")}
</dl>
</html>
`,
);
console.log(`Wrote ${join(out, "index.html")}.`);
