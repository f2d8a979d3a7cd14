import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };

const root = fileURLToPath(new URL("..", import.meta.url));
const entries = Object.values(packageJson.exports).filter((entry) => entry.endsWith(".ts"));

/** Deno's reader of docstrings, also when the tests run on Bun. */
function denoDoc(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const deno = join(root, "node_modules/deno/deno");
  const options = { cwd: root, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 2 ** 28 } as const;
  return spawnSync(deno, ["doc", ...args], options);
}

/** A declaration as `deno doc --json` gives it. */
interface Declaration {
  readonly kind: string;
  readonly def?: { readonly params?: readonly { readonly name?: string }[] };
  readonly jsDoc?: {
    readonly doc?: string;
    readonly tags?: readonly { readonly kind: string; readonly name?: string }[];
  };
}

/** Exported names of an entry point with their declarations. */
function exported(entry: string): Map<string, readonly Declaration[]> {
  const { nodes } = JSON.parse(denoDoc("--json", entry).stdout) as {
    nodes: Record<string, { symbols: { name: string; declarations: Declaration[] }[] }>;
  };
  const [module] = Object.values(nodes);
  return new Map(module!.symbols.map(({ name, declarations }) => [name, declarations]));
}

describe("the interface", () => {
  test("has a docstring at every exported name and at every member of it", () => {
    const { stderr, stdout } = denoDoc("--lint", ...entries);
    const report = stderr + stdout;
    // The report always names types of other packages, so this shows that the command did not fail.
    expect(report).toContain("error[private-type-ref]");
    const bare = [...report.matchAll(/^error\[missing-jsdoc\].*\n\s*--> (.*)$/gm)].map((found) => found[1]);
    expect(bare).toEqual([]);
  });

  test("exports every type that a public one uses", () => {
    const report = Object.values(denoDoc("--lint", ...entries)).join("\n");
    const kept = [...report.matchAll(/^error\[private-type-ref\].*'(\w+)'$/gm)].map((found) => found[1]);
    // Types of other packages; lists of literals that a union is made of; a brand that nobody should name.
    expect([...new Set(kept)].sort()).toEqual(
      ["Checked", "LayersModel", "backendNames", "kinds", "manifestSchema", "valueBrand"].sort(),
    );
  });

  test("says what every function is for in more than its name", () => {
    let functions = 0;
    for (const entry of entries)
      for (const [name, declarations] of exported(entry))
        for (const { jsDoc, def } of declarations) {
          if (def?.params === undefined) continue;
          functions++;
          expect([name, (jsDoc?.doc ?? "").length > 12]).toEqual([name, true]);
          // Every described parameter exists.
          const described = jsDoc?.tags?.filter(({ kind }) => kind === "param").map((tag) => tag.name) ?? [];
          const named = def.params.map((param) => param.name).filter((param) => param !== undefined);
          if (named.length === def.params.length)
            expect([name, described.filter((d) => !named.includes(d!))]).toEqual([name, []]);
        }
    expect(functions).toBeGreaterThan(15);
  });

  test("is written as pages, one per name", () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-api-"));
    try {
      const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
      const { status, stderr } = spawnSync(process.execPath, [...runtime, "scripts/build/api_docs.ts", folder], {
        cwd: root,
        encoding: "utf8",
      });
      expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
      for (const [path, text] of [
        ["index.html", "edgecap/server"],
        ["edgecap/~/load.html", "self-test-failed"],
        ["server/~/createServer.html", "option-invalid"],
        ["export/~/quantise.html", "float32 graph"],
      ] as const) {
        const page = join(folder, path);
        expect([path, existsSync(page) && readFileSync(page, "utf8").includes(text)]).toEqual([path, true]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
