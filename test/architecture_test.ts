import { describe, expect, test } from "bun:test";
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an app that captions must not contain. */
const heavyFolders = ["src/training", "src/export", "src/evaluation", "src/server", "src/cli"];
const heavyPackages = [
  /^@tensorflow\//,
  /^elysia$/,
  /^prom-client$/,
  /^lru-cache$/,
  /^ipaddr\.js$/,
  /^negotiator$/,
  /^commander$/,
  /^cli-progress$/,
  /^protobufjs$/,
  /^vega/,
];

/**
 * The folders of src, lowest first, and what each may import besides itself and src/errors.ts: folders and files.
 * A new folder needs its line here.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  files: [],
  metadata: ["src/files"],
  async: [],
  platform: ["src/files", "crates/text/pkg", "crates/image/pkg", "crates/engine/pkg", "models/default", "models/fast"],
  runtime: ["src/async", "src/files", "src/platform"],
  text: ["src/platform", "crates/text/pkg"],
  image: ["src/platform", "crates/image/pkg"],
  retrieval: ["src/files", "src/text", "crates/text/pkg"],
  concepts: [],
  confidence: ["src/bundle", "src/concepts"],
  decode: ["src/runtime", "src/text", "src/retrieval", "src/concepts", "crates/text/pkg"],
  bundle: ["src/files", "src/platform"],
  model: [
    ...["src/async", "src/bundle", "src/concepts", "src/confidence", "src/decode", "src/image", "src/platform"],
    ...["src/retrieval", "src/runtime", "src/text"],
  ],
  caption: [
    ...["src/async", "src/bundle", "src/concepts", "src/confidence", "src/decode", "src/image", "src/model"],
    ...["src/platform", "src/runtime", "src/text"],
  ],
  lite: [...["src/bundle", "src/caption", "src/concepts", "src/image", "src/model", "src/runtime", "src/text"]],
  engines: [
    ...["src/async", "src/bundle", "src/caption", "src/decode", "src/image", "src/platform", "src/runtime", "src/text"],
  ],
  pool: ["src/bundle", "src/caption", "src/engines", "src/platform", "src/runtime"],
  evaluation: ["src/concepts"],
  dataset: ["src/files", "src/text"],
  export: [],
  batch: ["src/async", "src/caption", "src/files"],
  watch: ["src/async", "src/batch", "src/caption", "src/concepts", "src/files", "src/metadata"],
  site: ["src/batch", "src/caption", "src/confidence", "src/files", "src/metadata"],
  queue: ["src/batch", "src/caption"],
  training: [
    ...["src/bundle", "src/concepts", "src/dataset", "src/decode", "src/evaluation", "src/export", "src/files"],
    ...["src/image", "src/model", "src/platform", "src/retrieval", "src/runtime", "src/text"],
  ],
};

/** Folders at the top, which may import everything below. */
const top = ["cli", "server"];

/** Specifiers that a module imports: static, re-exported, dynamic, types and workers. */
function specifiers(source: string): string[] {
  const statics = /^(?:import|export)\s+(?:[^"'`;=()]*?\sfrom\s+)?["']([^"']+)["']/gm;
  const dynamics = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*["'`]([^"'`]+)["'`]/gm;
  const workers = /\bnew URL\(\s*["']([^"']+\.ts)["'],\s*import\.meta\.url/g;
  return [statics, dynamics, workers].flatMap((pattern) => [...source.matchAll(pattern)].map((found) => found[1]!));
}

/** What `file` imports: files as paths from the root, packages by name. */
function importsOf(file: string): { files: string[]; packages: string[] } {
  const files: string[] = [];
  const packages: string[] = [];
  for (const specifier of specifiers(readFileSync(join(root, file), "utf8"))) {
    const choices = packageJson.imports[specifier as keyof typeof packageJson.imports];
    if (choices !== undefined) {
      for (const choice of Object.values(choices)) {
        if (choice.startsWith(".")) files.push(normal(choice));
        else packages.push(packageName(choice));
      }
    } else if (specifier.startsWith(".")) files.push(normal(join(dirname(file), specifier)));
    else if (!specifier.startsWith("node:")) packages.push(packageName(specifier));
  }
  return { files, packages };
}

function normal(path: string): string {
  return relative(root, join(root, path)).replaceAll("\\", "/");
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Everything that `entry` reaches, each with the chain of imports that leads there. */
function reach(entry: string): { files: Map<string, string>; packages: Map<string, string> } {
  const files = new Map([[entry, entry]]);
  const packages = new Map<string, string>();
  for (const [file, chain] of files) {
    if (!file.endsWith(".ts")) continue;
    const found = importsOf(file);
    for (const next of found.files) if (!files.has(next)) files.set(next, `${chain} -> ${next}`);
    for (const name of found.packages) if (!packages.has(name)) packages.set(name, `${chain} -> ${name}`);
  }
  return { files, packages };
}

/** Circles: groups of two or more nodes that all reach each other. The groups and their list are sorted. */
function circlesOf(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reached = new Map(
    [...arrows.keys()].map((start) => {
      const found = new Set(arrows.get(start));
      for (const node of found) for (const next of arrows.get(node) ?? []) found.add(next);
      return [start, found] as const;
    }),
  );
  const circles = new Set<string>();
  for (const [node, found] of reached) {
    const circle = [...found].filter((other) => other !== node && reached.get(other)?.has(node));
    if (circle.length > 0) circles.add([node, ...circle].sort().join(" "));
  }
  return [...circles].sort().map((circle) => circle.split(" "));
}

/** The folder of a file below src, or the file itself if it lies at the top. */
function folderOf(file: string): string {
  return file.split("/").length > 2 ? file.split("/").slice(0, 2).join("/") : file;
}

/** What each node imports, where files are grouped into nodes by `nodeOf`. */
function arrowsBetween(nodeOf: (file: string) => string): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    const node = nodeOf(file);
    const targets = arrows.get(node) ?? new Set();
    arrows.set(node, targets);
    for (const path of importsOf(file).files)
      if (path.startsWith("src/") && nodeOf(path) !== node) targets.add(nodeOf(path));
  }
  return arrows;
}

/** Chains from `entry` to what an app must not contain. */
function heavyChains(entry: string): string[] {
  const { files, packages } = reach(entry);
  return [
    ...[...files].filter(([file]) => heavyFolders.some((folder) => file.startsWith(`${folder}/`))),
    ...[...packages].filter(([name]) => heavyPackages.some((pattern) => pattern.test(name))),
  ].map(([, chain]) => chain);
}

describe("architecture", () => {
  for (const entry of ["src/mod.ts", "src/caption/captioner.ts"]) {
    test(`${entry} reaches no training, export, evaluation, server or command line`, () => {
      expect(heavyChains(entry)).toEqual([]);
    });
  }

  test("every file that the caption path imports exists", () => {
    expect([...reach("src/mod.ts").files].filter(([file]) => !existsSync(join(root, file)))).toEqual([]);
  });

  test("the caption path imports only the packages that an app contains", () => {
    const carried = ["onnxruntime-web"];
    const more = [...reach("src/mod.ts").packages].filter(([name]) => !carried.includes(name));
    // Optional packages, from which only types are imported until they are needed.
    const optional = new Map(more);
    expect([...optional.keys()].sort()).toEqual([
      "@huggingface/transformers",
      "onnxruntime-common",
      "onnxruntime-node",
      "webgpu",
    ]);
    expect(optional.get("@huggingface/transformers")).toContain(
      "src/mod.ts -> src/engines/load_engine.ts -> src/engines/",
    );
    const loaders = globSync("src/**/*.ts", { cwd: root }).filter((file) => {
      const source = readFileSync(join(root, file), "utf8");
      return (
        /import\(\s*"(?:onnxruntime-node|webgpu)"/.test(source) ||
        /^import (?!type )[^"]*"(?:onnxruntime-node|webgpu)"/m.test(source)
      );
    });
    expect(loaders).toEqual([]);
    // Imported by names that no bundler follows.
    const source = readFileSync(join(root, "src/platform/packages.ts"), "utf8");
    expect(source.match(/await import\(names\.(?:native|webgpu)\)/g)?.length).toBe(2);
  });

  test("scripts and tests load native onnxruntime only with the function that turns its telemetry off", () => {
    const loaders = globSync("{scripts,test,examples}/**/*.ts", { cwd: root }).filter((file) =>
      specifiers(readFileSync(join(root, file), "utf8")).includes("onnxruntime-node"),
    );
    const imports = (file: string) =>
      /^import (?!type )[^"]*"onnxruntime-node"|import\("onnxruntime-node"\)/m.test(
        readFileSync(join(root, file), "utf8"),
      );
    expect(loaders.filter((file) => imports(file) && file !== "test/architecture_test.ts")).toEqual([]);
  });

  test("the files for browsers import nothing from Node", () => {
    const files = new Set(["src/mod.ts"]);
    const wrong: string[] = [];
    for (const file of files) {
      const source = readFileSync(join(root, file), "utf8").replaceAll(/^(?:import|export) type .*$/gm, "");
      for (const specifier of specifiers(source)) {
        const choices: Readonly<Record<string, string>> | undefined =
          packageJson.imports[specifier as keyof typeof packageJson.imports];
        const chosen = choices === undefined ? specifier : (choices["browser"] ?? choices["default"]!);
        if (chosen.startsWith("node:")) wrong.push(`${file} -> ${chosen}`);
        if (!chosen.startsWith(".")) continue;
        const next = normal(choices === undefined ? join(dirname(file), chosen) : chosen);
        if (next.endsWith(".ts")) files.add(next);
      }
    }
    expect(files.size).toBeGreaterThan(40);
    expect(files.has("src/platform/assets_browser.ts")).toBe(true);
    expect(wrong).toEqual([]);
  });

  test("other engines are imported by one dynamic import, and their packages only at run time", () => {
    const importers = globSync("src/**/*.ts", { cwd: root }).filter(
      (file) =>
        !file.startsWith("src/engines/") &&
        importsOf(file).files.some((path) => path.startsWith("src/engines/") && path !== "src/engines/load_engine.ts"),
    );
    expect(importers).toEqual([]);
    const source = readFileSync(join(root, "src/engines/load_engine.ts"), "utf8");
    // The name leads elsewhere in a browser, which has no files to load a model from.
    expect(source).toMatch(/^ .*await import\("#transformers"\)/m);
    expect(source).not.toMatch(/^import.*(?:engines|#transformers)/m);
    for (const file of globSync("src/engines/*.ts", { cwd: root })) {
      const lines = readFileSync(join(root, file), "utf8").split("\n");
      const wrong = lines.filter((line) => line.includes('"@huggingface/transformers"') && line.startsWith("import"));
      expect(wrong.filter((line) => !line.startsWith("import type "))).toEqual([]);
    }
  });

  test("the walk follows static, dynamic and mapped imports", () => {
    const fromModule = reach("src/mod.ts").files;
    for (const file of ["src/decode/search.ts", "src/platform/assets.ts", "src/platform/assets_bun.ts"])
      expect(fromModule.has(file)).toBe(true);
    const fromCommandLine = heavyChains("src/cli/main.ts").join("\n");
    for (const heavy of [
      "src/training/attention/trainer.ts",
      "src/evaluation/mod.ts",
      "-> commander",
      "-> @tensorflow/tfjs",
    ])
      expect(fromCommandLine).toContain(heavy);
  });

  test("edgecap/lite reaches no package, no module of Node, and nothing that differs between runtimes", () => {
    const { files, packages } = reach("src/lite/mod.ts");
    expect([...packages.values()]).toEqual([]);
    expect(files.size).toBeGreaterThan(60);
    const sources = [...files].filter(([file]) => file.endsWith(".ts"));
    const wrong = sources.filter(([file]) =>
      specifiers(readFileSync(join(root, file), "utf8")).some((name) => /^(?:node:|#)/.test(name)),
    );
    expect(wrong.map(([, chain]) => chain)).toEqual([]);
  });

  test("the server reaches no training, export, evaluation or command line", () => {
    const forbidden = ["src/training", "src/export", "src/evaluation", "src/cli"];
    const { files, packages } = reach("src/server/mod.ts");
    expect([...files.keys()].filter((file) => forbidden.some((folder) => file.startsWith(`${folder}/`)))).toEqual([]);
    expect([...packages.keys()].filter((name) => /tensorflow|commander|cli-progress|protobufjs/.test(name))).toEqual(
      [],
    );
    // The worker is reached by its address, because an executable's list of entry points has to name it.
    expect(files.has("src/pool/worker.ts")).toBe(true);
  });

  test("the server needs no framework: only the plugin for apps of Elysia reaches it", () => {
    expect(reach("src/server/mod.ts").packages.has("elysia")).toBe(true);
    for (const entry of ["src/server/app.ts", "src/cli/main.ts"])
      expect([entry, reach(entry).packages.has("elysia")]).toEqual([entry, false]);
  });

  test("the worker carries no HTTP", () => {
    const { files, packages } = reach("src/pool/worker.ts");
    expect([...files.keys()].filter((file) => file.startsWith("src/server/") && !file.startsWith("src/pool/"))).toEqual(
      [],
    );
    expect(packages.has("elysia")).toBe(false);
  });

  test("the scanner sees every form of import, and none in comments", () => {
    const source = [
      'import "./a.ts";',
      'import {\n  b,\n} from "./b.ts";',
      'export * from "./c.ts";',
      'import type { D } from "./d.ts";',
      'const e = await import("./e.ts");',
      'type F = import("./f.ts").F;',
      'new Worker(new URL("./g.ts", import.meta.url));',
      ' * import { h } from "./h.ts";',
      'export const i = "./i.ts";',
      '// import("./j.ts")',
    ].join("\n");
    expect(specifiers(source).sort()).toEqual(["a", "b", "c", "d", "e", "f", "g"].map((name) => `./${name}.ts`));
  });

  test("neither files nor folders of src import each other in circles", () => {
    expect(circlesOf(arrowsBetween((file) => file))).toEqual([]);
    expect(circlesOf(arrowsBetween(folderOf))).toEqual([]);
  });

  test("finds circles of any length, each once", () => {
    const arrows = { a: "b", b: "c", c: "a d", d: "e", e: "", f: "g", g: "f a" };
    const graph = new Map(Object.entries(arrows).map(([node, to]) => [node, new Set(to.split(" ").filter(Boolean))]));
    expect(circlesOf(graph)).toEqual([
      ["a", "b", "c"],
      ["f", "g"],
    ]);
  });

  test("every folder of src has its layer", () => {
    const folders = readdirSync(join(root, "src")).filter((name) => statSync(join(root, "src", name)).isDirectory());
    expect(folders.filter((name) => layers[name] === undefined && !top.includes(name))).toEqual([]);
  });

  for (const [folder, below] of Object.entries(layers)) {
    test(`src/${folder} imports only what is below it`, () => {
      const allowed = [`src/${folder}`, ...below].map((path) => (path.endsWith(".ts") ? path : `${path}/`));
      const wrong = globSync(`src/${folder}/**/*.ts`, { cwd: root }).flatMap((file) =>
        importsOf(file)
          .files.filter((path) => path !== "src/errors.ts" && !allowed.some((prefix) => path.startsWith(prefix)))
          .map((path) => `${file} -> ${path}`),
      );
      expect(wrong).toEqual([]);
    });
  }
});
