/** Checks the executable bit of files that are run by their path: moving or rewriting them can lose it. */
import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeBlocks } from "./code_blocks.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const listed = spawnSync("git", ["ls-files", "--stage", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
const noRepository = listed.status === 0 ? undefined : "git does not know this folder";

/** The tracked files with their modes: a line of git is `MODE HASH STAGE<tab>PATH`. */
const modes = new Map(
  (listed.stdout ?? "")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => [line.slice(line.indexOf("\t") + 1), line.slice(0, 6)] as const),
);

const regular = [...modes]
  .filter(([path, mode]) => mode.startsWith("100") && existsSync(join(root, path)))
  .map(([path]) => path);

/** Whether a file begins as a script does. Rust's `#![attribute]` does not. */
function isScript(path: string): boolean {
  const start = Buffer.alloc(3);
  const file = openSync(join(root, path), "r");
  try {
    return readSync(file, start, 0, 3, 0) === 3 && /^#![/ ]/.test(start.toString("latin1"));
  } finally {
    closeSync(file);
  }
}

/** The files of the repository that a page runs by their path, in its commands or as `code` in its sentences. */
function runByPath(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  const commands = codeBlocks(text, "sh").flatMap((block) => block.split("\n"));
  const inline = [...text.replaceAll(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g)].map((found) => found[1]!);
  return [...commands, ...inline].flatMap((line) => {
    const path = /^(?:[A-Z_]+=\S+ )*(?:\.\/)?((?:\.ci|scripts|deploy|examples)\/[\w./-]+)/.exec(line)?.[1];
    return path !== undefined && (path.endsWith(".sh") || path === ".ci/run") ? [path] : [];
  });
}

testUnless(noRepository, "each tracked file that begins with #! is executable", () => {
  const scripts = regular.filter(isScript);
  expect(scripts.length).toBeGreaterThan(10);
  expect(scripts.filter((path) => modes.get(path) !== "100755")).toEqual([]);
});

testUnless(noRepository, "each executable file begins with #!", () => {
  expect(regular.filter((path) => modes.get(path) === "100755" && !isScript(path))).toEqual([]);
});

testUnless(noRepository, "the documents run by path only files that are there and executable", () => {
  const named = regular
    .filter((path) => path.endsWith(".md") && path !== "CHANGELOG.md")
    .flatMap((page) => runByPath(page).map((path) => `${page}: ${path}`));
  expect(named).toContain("README.md: scripts/model/setup_tfjs_node.sh");
  expect(named.filter((line) => modes.get(line.slice(line.indexOf(": ") + 2)) !== "100755")).toEqual([]);
});
