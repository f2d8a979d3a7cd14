/**
 * Looks for patterns in src that take longer than their text is long: a text made for them would keep a thread busy.
 *
 *     bun run patterns
 *
 * It needs some minutes. The checker, recheck, is installed into `scripts/check/patterns` at the first run. Patterns
 * that are put together at run time are not looked at; src has few, for short texts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Patterns about which the checker is wrong, or on which it gives up, and why they are quick. */
const quick: ReadonlyMap<string, string> = new Map([
  [
    String.raw`;[ \t]*([^\s=;"]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"\s][^;]*)?)[ \t]*`,
    "src/server/header_parameters.ts tries it at one place alone.",
  ],
  [String.raw`^\[\s*(["']).*\1\s*\]$`, "No place is behind two quotes: all tries together read each character once."],
  [
    String.raw`^(?:[-+]?\d[\d.:eE+-]*|train|training|val|valid|validation|dev|test|true|false|https?:\/\/\S+|[\w-]+\.(?:jpe?g|png|webp|gif|bmp)(?:#\d+)?)$`,
    "Each branch reads a character in one way.",
  ],
]);

const tool = fileURLToPath(new URL("patterns", import.meta.url));
const source = fileURLToPath(new URL("../../src", import.meta.url));
if (!existsSync(join(tool, "node_modules"))) {
  const installed = spawnSync("bun", ["install", "--frozen-lockfile"], { cwd: tool, stdio: "inherit" });
  if (installed.status !== 0) throw new Error("The checker could not be installed.");
}

interface Checker {
  checkSync(pattern: string, flags: string, options: { timeout: number }): Verdict;
}

interface Verdict {
  readonly status: "safe" | "vulnerable" | "unknown";
  readonly attack?: { readonly pattern: string };
}

interface Parser {
  parse(text: string, options: object): { readonly program: unknown };
}

/** A pattern of a file. */
interface Found {
  readonly line: number;
  readonly pattern: string;
  readonly flags: string;
}

const { checkSync } = (await import(join(tool, "node_modules/recheck/lib/main.js"))) as Checker;
const { parse } = (await import(join(tool, "node_modules/@babel/parser/lib/index.js"))) as Parser;

function* patternsIn(node: unknown): Generator<Found> {
  if (typeof node !== "object" || node === null) return;
  const { type, pattern, flags, loc, ...rest } = node as Record<string, unknown>;
  if (type === "RegExpLiteral") {
    const { start } = loc as { readonly start: { readonly line: number } };
    yield { line: start.line, pattern: pattern as string, flags: flags as string };
  }
  for (const part of Object.values(rest)) yield* patternsIn(part);
}

let checked = 0;
const problems: string[] = [];
for (const name of readdirSync(source, { recursive: true }) as string[]) {
  if (!name.endsWith(".ts")) continue;
  const text = readFileSync(join(source, name), "utf8");
  const { program } = parse(text, { sourceType: "module", plugins: ["typescript"] });
  for (const { line, pattern, flags } of patternsIn(program)) {
    checked++;
    const { status, attack } = checkSync(pattern, flags.replace("v", "u"), { timeout: 30_000 });
    if (status === "safe" || quick.has(pattern)) continue;
    problems.push(`src/${name}:${line}: /${pattern}/${flags} is ${status}: ${attack?.pattern ?? "out of time"}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`${checked} patterns, ${problems.length} that can be slow`);
process.exitCode = problems.length > 0 ? 1 : 0;
