import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, inFolder, writeTinyBundle } from "./edgecap.ts";

const photo = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

const page = `<!DOCTYPE html>
<HTML><BODY>
<!-- <img src=img/coffee.jpg> -->
<script>document.write('<img src="img/coffee.jpg">');</script>
<P><IMG SRC=img/coffee.jpg CLASS=wide><img src="img/a%20cat.jpg?w=300" src="other.jpg">
<img src="img/coffee.jpg" alt><img src="/img/logo.svg"><img src=gone.jpg>
<img src="https://example.org/a.jpg"><template><img src='img/coffee.jpg'></template>
<div><b><img src="img/coffee.jpg"</div>
`;

test("edgecap alt shows a difference, and writes it with --write", () =>
  inFolder(async (folder) => {
    const bundle = await writeTinyBundle(join(folder, "tiny"));
    const site = join(folder, "site");
    mkdirSync(join(site, "img"), { recursive: true });
    copyFileSync(photo("coffee.jpg"), join(site, "img/coffee.jpg"));
    copyFileSync(photo("chelsea.jpg"), join(site, "img/a cat.jpg"));
    writeFileSync(join(site, "img/logo.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
    writeFileSync(join(site, "index.html"), page);
    writeFileSync(join(site, "post.md"), "Text\n\n![](img/coffee.jpg)\n\n    ![](img/coffee.jpg)\n");
    writeFileSync(join(site, "wide.html"), Buffer.from("\ufeff<img src=img/coffee.jpg>", "utf16le"));
    const args = ["alt", "site", "--bundle", bundle];

    const looked = await edgecap(args, { cwd: folder });
    expect(looked.status).toBe(1);
    expect(looked.stdout).toMatch(/^--- a\/index\.html\n\+\+\+ b\/index\.html\n@@ -2,7 \+2,7 @@\n/);
    expect(looked.stderr).toContain('wide.html" is in UTF-16, so it was left unchanged');
    expect(looked.stderr).toMatch(/^index\.html:6: failed: \/img\/logo\.svg: /m);
    expect(looked.stderr).toContain("index.html:6: missing: gone.jpg: there is no such file\n");
    expect(looked.stderr).toMatch(
      /5 to be filled, nothing written, 1 decorative, 1 elsewhere, 1 not found, 1 could not be captioned\n$/,
    );
    expect(readFileSync(join(site, "index.html"), "utf8")).toBe(page);

    const written = await edgecap([...args, "--write"], { cwd: folder });
    expect(written.stdout).toBe("index.html: 4 filled\npost.md: 1 filled\n");
    expect(written.status).toBe(1);
    const filled = readFileSync(join(site, "index.html"), "utf8");
    const coffee = /SRC=img\/coffee\.jpg alt="([^"]+)" CLASS=wide>/.exec(filled)![1]!;
    expect(filled).toContain(`<template><img src='img/coffee.jpg' alt="${coffee}"></template>`);
    expect(filled).toMatch(/<img src="img\/a%20cat\.jpg\?w=300" alt="[^"]+" src="other\.jpg">/);
    expect(filled.replaceAll(/ alt="[^"]+"/g, "")).toBe(page);
    expect(readFileSync(join(site, "post.md"), "utf8")).toBe(
      `Text\n\n![${coffee}](img/coffee.jpg)\n\n    ![](img/coffee.jpg)\n`,
    );

    const again = await edgecap([...args, "--json"], { cwd: folder });
    const lines = again.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ outcome }) => outcome)).toEqual([
      ...["present", "present", "decorative", "failed", "missing", "remote", "present", "present", "present"],
    ]);
    expect(lines[4]).toEqual({
      document: "index.html",
      line: 6,
      source: "gone.jpg",
      outcome: "missing",
      why: "there is no such file",
    });
  }));

test("edgecap alt needs a folder, and needs no model if nothing is missing", () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, "site"));
    writeFileSync(join(folder, "site/a.html"), "<img src=a.jpg alt=cat>");
    const done = await edgecap(["alt", "site", "--bundle", "nowhere"], { cwd: folder });
    expect(done).toEqual({ status: 0, stdout: "", stderr: "0 filled, 1 had a text\n" });
    const none = await edgecap(["alt", "nowhere"], { cwd: folder });
    expect(none).toEqual({
      status: 1,
      stdout: "",
      stderr: 'error: The folder "nowhere" does not exist: give another one.\n',
    });
    expect((await edgecap(["alt"], { cwd: folder })).status).toBe(2);
  }));
