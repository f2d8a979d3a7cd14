/** The content of the packed package, and what it promises to its users. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import type { Manifest } from "../src/bundle/manifest.ts";
import { type InstalledPackage, installPackage, leastNode, run } from "./fixtures/installed_package.ts";
import { useOfThePackage } from "./fixtures/use_of_the_package.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const use = useOfThePackage("examples/china.jpg");

let installed: InstalledPackage;
let folder: string;
/** A clean folder of a user's, with the packed package installed. */
let app: string;

beforeAll(() => {
  installed = installPackage();
  ({ folder, app } = installed);
});

afterAll(() => installed[Symbol.dispose]());

describe("the packed package", () => {
  test("holds what is needed and nothing else", () => {
    const top = readdirSync(join(folder, "package")).sort();
    expect(top).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "THIRD_PARTY_LICENSES.txt",
      "THIRD_PARTY_NOTICES.md",
      "crates",
      "models",
      "package.json",
      "src",
    ]);
    const files = readdirSync(join(folder, "package"), { recursive: true }) as string[];
    expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.startsWith("crates"))).toEqual([]);
    expect(statSync(join(folder, `edgecap-${packageJson.version}.tgz`)).size).toBeLessThan(46e6);
  });

  test("passes publint", () => {
    expect(run(join(root, "node_modules/.bin/publint"), ["--strict", join(folder, "package")], root)).toContain(
      "All good",
    );
  });

  test("has types that resolve (are the types wrong?)", () => {
    const attw = join(root, "node_modules/.bin/attw");
    const packed = join(folder, `edgecap-${packageJson.version}.tgz`);
    // Its status is not 0 if a type does not resolve.
    expect(run(attw, ["--profile", "esm-only", packed], root)).toContain(`edgecap v${packageJson.version}`);
  });

  test("has types that pass the strictest settings", () => {
    writeFileSync(
      join(app, "typed.ts"),
      use.replaceAll(/\n\s*import \{ readFile.*\n/g, "\nconst readFile = async (_: string) => new Uint8Array();\n"),
    );
    writeFileSync(
      join(app, "server.ts"),
      'import { Elysia } from "elysia";\nimport { edgecap } from "edgecap/server";\nexport const app = new Elysia().use(edgecap()).get("/n", ({ edgecap }) => edgecap.config.workers);\n',
    );
    const options = [
      "--strict",
      "--noEmit",
      "--target",
      "esnext",
      "--module",
      "nodenext",
      "--lib",
      "esnext,dom",
      "--types",
      "",
    ];
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    expect(run("node", [compiler, ...options, "--skipLibCheck", "typed.ts", "server.ts"], app)).toBe("");
  });

  test("does not promise a version of Node, Bun or Deno that one of its packages refuses", () => {
    const least = `${leastNode}.0`;
    const refused: string[] = [];
    let count = 0;
    for (const file of globSync("node_modules/{*,@*/*}/package.json", { cwd: app })) {
      const { name, engines } = JSON.parse(readFileSync(join(app, file), "utf8")) as {
        name: string;
        engines?: { node?: string };
      };
      if (engines?.node === undefined) continue;
      count++;
      if (!Bun.semver.satisfies(least, engines.node)) refused.push(`${name}: ${engines.node}`);
    }
    expect(count).toBeGreaterThan(10);
    expect(refused).toEqual([]);
  });

  test("has a README that begins with how to install it, and says what the weights allow", () => {
    const text = readFileSync(join(app, "node_modules/edgecap/README.md"), "utf8");
    expect(text.split("\n").slice(0, 2)).toEqual(["```sh", "npm install edgecap"]);
    expect(text).toContain("for research use");
    const { licences } = (JSON.parse(readFileSync(join(root, "models/default/manifest.json"), "utf8")) as Manifest)
      .provenance;
    expect(licences.some(({ licence }) => /research/.test(licence))).toBe(true);
    const manifest = JSON.parse(readFileSync(join(app, "node_modules/edgecap/package.json"), "utf8"));
    expect([manifest.license, manifest.description]).toEqual([
      "MIT AND LicenseRef-weights-for-research-use",
      expect.stringContaining("research use"),
    ]);
    // Every file that it mentions exists.
    for (const [, file] of text.matchAll(/`((?:[A-Z_]+(?:\.\w+)?)|models\/)`/g))
      expect([file, existsSync(join(app, "node_modules/edgecap", file!))]).toEqual([file, true]);
  });

  test("has source maps that contain their sources", () => {
    const maps = globSync("src/**/*.js.map", { cwd: join(folder, "package") });
    const scripts = globSync("src/**/*.js", { cwd: join(folder, "package") });
    expect(maps.length).toBe(scripts.length);
    for (const path of maps) {
      const map = JSON.parse(readFileSync(join(folder, "package", path), "utf8"));
      expect(map.sources.length).toBe(1);
      const source = readFileSync(join(root, path.replace(/\.js\.map$/, ".ts")), "utf8");
      expect([path, map.sourcesContent[0] === source]).toEqual([path, true]);
    }
  });

  test("does not add the server or training to a bundled app", async () => {
    writeFileSync(join(app, "small.ts"), 'import { load } from "edgecap";\nconsole.log(load);\n');
    const built = await Bun.build({ entrypoints: [join(app, "small.ts")], target: "browser", minify: true });
    const text = await built.outputs[0]!.text();
    expect(text).not.toMatch(/elysia|prom-client|tfjs|commander|vega/i);
    // Half of it is onnxruntime-web's script; docs/embed.md tells the size.
    expect(text.length).toBeLessThan(400_000);
  });

  test("would be published with the files of the package and nothing else", async () => {
    const asked: string[] = [];
    // A registry without packages, because npm asks it even in a dry run.
    await using registry = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ method, url }) => {
        asked.push(`${method} ${new URL(url).pathname}`);
        return Response.json({ error: "not found" }, { status: 404 });
      },
    });
    const args = ["publish", join(folder, "package"), "--dry-run", "--json", "--registry", registry.url.href];
    const child = Bun.spawn(["npm", ...args], {
      cwd: folder,
      env: { ...process.env, npm_config_update_notifier: "false", npm_config_cache: join(folder, "npm-cache") },
      stderr: "pipe",
    });
    const [status, text, complaint] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    expect([status, status === 0 ? "" : complaint]).toEqual([0, ""]);
    const printed = JSON.parse(text);
    // Some versions of npm put the answer under the name of the package.
    const { name, version, files } = printed.edgecap ?? printed;
    expect([name, version]).toEqual(["edgecap", packageJson.version]);
    const packed = readdirSync(join(folder, "package"), { recursive: true, withFileTypes: true });
    expect(files.length).toBe(packed.filter((entry) => entry.isFile()).length);
    expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
  });
});
