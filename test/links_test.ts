import { describe, expect, test } from "bun:test";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = ["*.md", "docs/**/*.md", "examples/**/*.md"]
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .sort();

/** A document without its code blocks. */
function prose(page: string): string {
  return readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```|`[^`\n]*`/gms, "");
}

/** Targets of a document's links and pictures within the repository, as paths from its root with their #anchors. */
function linksOf(page: string): string[] {
  const markdown = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map((found) => found[1]!);
  const html = [...prose(page).matchAll(/\b(?:src|href)="([^"]+)"/g)].map((found) => found[1]!);
  return [...markdown, ...html]
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => (link.startsWith("#") ? `${page}${link}` : relative(root, join(root, dirname(page), link))));
}

/** The #anchors of a document's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("the documents", () => {
  test("link to files and headings that are there", () => {
    expect(pages.length).toBeGreaterThan(15);
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => {
          const [path, anchor] = link.split("#") as [string, string?];
          if (!existsSync(join(root, path))) return true;
          return anchor !== undefined && !anchorsOf(path).includes(anchor);
        })
        .map((link) => `${page} -> ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test("name files that are there", () => {
    const paths = /`((?:src|test|scripts|docs|crates|models|deploy|examples)\/[\w./-]+)`/g;
    const missing = pages
      .filter((page) => page !== "CHANGELOG.md")
      .flatMap((page) =>
        [...prose(page).matchAll(paths)]
          .filter(([, path]) => !existsSync(join(root, path!)))
          .map(([, path]) => `${page}: ${path}`),
      );
    expect(missing).toEqual([]);
  });

  test("are all reached from docs/README.md, and that from README.md", () => {
    expect(linksOf("README.md")).toContain("docs/README.md");
    const reached = new Set(["docs/README.md"]);
    for (const page of reached)
      for (const link of linksOf(page)) {
        const path = link.split("#")[0]!;
        if (path.endsWith(".md") && statSync(join(root, path)).isFile()) reached.add(path);
      }
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
    const documents = globSync("docs/*.md", { cwd: root }).filter((page) => page !== "docs/README.md");
    expect(documents.filter((page) => !linksOf("docs/README.md").includes(page))).toEqual([]);
  });

  test("of the main chapters follow each other in the order of the index", () => {
    const index = prose("docs/README.md");
    const order = [...index.matchAll(/^\d\. \*\*\[(.+?)\]/gm)].map((found) => found[1]);
    expect(order).toEqual(["Use", "Serve", "Embed", "Train", "Operate", "Understand"]);
    const files = linksOf("docs/README.md");
    let page = "docs/server.md";
    for (const title of order.slice(2)) {
      const [, name, target] = /^Next: \[(.+?)\]\((.+?)\)/m.exec(prose(page))!;
      expect([page, name]).toEqual([page, title]);
      page = `docs/${target}`;
      expect(files).toContain(page);
    }
  });
});
