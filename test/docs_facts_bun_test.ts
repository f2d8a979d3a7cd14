/** Compares figures and lists in the documents with their sources: manifests, files, flags, schemas, settings. */
import { describe, expect, test } from "bun:test";
import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import packageJson from "../package.json" with { type: "json" };
import { resolveOptions } from "../src/caption/options.ts";
import { registerExport } from "../src/cli/export.ts";
import { registerFeatures } from "../src/cli/features.ts";
import { registerLicences } from "../src/cli/licences.ts";
import { buildProgram } from "../src/cli/program.ts";
import { registerTrain } from "../src/cli/train.ts";
import { problemCodes, statusOf } from "../src/server/problem.ts";
import { optionsSchema } from "../src/server/schemas.ts";
import { attentionDefaults } from "../src/training/attention/settings.ts";
import { codeBlocks } from "./code_blocks.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
/** A document with its lines joined, because a sentence may continue on the next line. */
const prose = (path: string) => read(path).replaceAll(/\s+/g, " ");

interface Bundle {
  readonly files: Readonly<Record<string, { readonly path: string; readonly bytes: number }>>;
  readonly generation: { readonly beams: number; readonly lengthPenalty: number };
  readonly decoder: { readonly vocabulary: number };
  readonly provenance: { readonly scores: Readonly<Record<"cider" | "bleu1" | "bleu4" | "rougeL", number>> };
}
const manifest = (name: string): Bundle => JSON.parse(read(`models/${name}/manifest.json`));
const [standard, fast] = [manifest("default"), manifest("fast")];

/** Rows of the page's tables whose first cell begins with `first`, split into cells. */
function rows(page: string, first: string): string[][] {
  return read(page)
    .split("\n")
    .filter((line) => line.startsWith(`| ${first}`))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const percent = (value: number) => (100 * value).toFixed(1);
const megabytes = (bytes: number, digits: number) => (bytes / 1e6).toFixed(digits);
const bundleBytes = Object.values(standard.files).reduce((sum, { bytes }) => sum + bytes, 0);

describe("scores", () => {
  test("of README.md are those of the bundles", () => {
    const expected = (bundle: Bundle) =>
      (["cider", "bleu1", "bleu4", "rougeL"] as const).map((score) => percent(bundle.provenance.scores[score]));
    const [shipped] = rows("README.md", "edgecap, as shipped");
    expect(shipped!.slice(-4)).toEqual(expected(standard));
    expect(shipped![0]).toContain(`${standard.generation.beams} beams`);
    const [quick] = rows("README.md", "edgecap, `--bundle fast`");
    expect(quick!.slice(-4)).toEqual(expected(fast));
    expect(quick![0]).toContain(`${fast.generation.beams} beams`);
    for (const [row, bundle] of [
      [shipped, "default"],
      [quick, "`fast`"],
    ] as const)
      expect(row![1]).toBe(rows("docs/bundles.md", bundle)[0]![8]!);
    expect(prose("README.md")).toContain(
      `CIDEr ${percent(fast.provenance.scores.cider)} instead of ${percent(standard.provenance.scores.cider)}`,
    );
  });

  test("of docs/bundles.md are those of the bundles", () => {
    for (const [name, bundle] of [
      ["default", standard],
      ["`fast`", fast],
    ] as const) {
      const { cider, bleu4 } = bundle.provenance.scores;
      const [[, , , beams, foundCider, , foundBleu, , , , size]] = rows("docs/bundles.md", name) as [string[]];
      expect([name, beams, foundCider, foundBleu]).toEqual([
        name,
        String(bundle.generation.beams),
        percent(cider),
        percent(bleu4),
      ]);
      expect(size).toBe(megabytes(bundleBytes, 1));
    }
  });

  test("of docs/training.md end with those of the default", () => {
    const last = rows("docs/training.md", "version ")
      .filter(([what]) => what!.includes("its default"))
      .at(-1)!;
    const { cider, bleu1, bleu4, rougeL } = standard.provenance.scores;
    expect([last[1], last[2], ...last.slice(-3)]).toEqual([
      `${standard.generation.beams}, ${standard.generation.lengthPenalty}`,
      ...[bleu1, bleu4, rougeL, cider].map((score) => score.toFixed(3)),
    ]);
  });
});

describe("times", () => {
  test("of docs/how_it_works.md are those of docs/bundles.md", () => {
    const [[, , , , , , , encoder, caption]] = rows("docs/bundles.md", "default") as [string[]];
    expect(prose("docs/how_it_works.md")).toContain(`${encoder} of the ${caption} ms of a caption`);
  });
});

describe("versions", () => {
  test("of the package in README.md are that of package.json", () => {
    const named = [...read("README.md").matchAll(/edgecap-(\d+\.\d+\.\d+)\.tgz/g)].map((found) => found[1]);
    expect(named).toEqual([packageJson.version]);
  });
});

describe("sizes", () => {
  const size = (path: string) => statSync(root + path).size;

  test("of docs/how_it_works.md are those of the files", () => {
    const page = read("docs/how_it_works.md");
    for (const [crate, file] of [
      ["image", "edgecap_image_bg.wasm"],
      ["text", "edgecap_text_bg.wasm"],
    ]) {
      expect(page).toContain(`\`crates/${crate}/pkg\`, ${megabytes(size(`crates/${crate}/pkg/${file}`), 1)} MB`);
    }
  });

  test("of docs/embed.md are those of the files", () => {
    const own = [
      "crates/text/pkg/edgecap_text_bg.wasm",
      "crates/image/pkg/edgecap_image_bg.wasm",
      "crates/engine/pkg/dot16.wasm",
      "crates/engine/pkg/relaxed.wasm",
    ].reduce((sum, path) => sum + size(path), 0);
    const engine = size("node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");
    const page = prose("docs/embed.md");
    expect(page).toContain(
      `A page fetches once ${megabytes(engine, 0)} MB of onnxruntime-web, ${megabytes(own, 1)} MB of edgecap's own WebAssembly, and ${megabytes(bundleBytes, 0)} MB of bundle`,
    );
    expect(page).toContain(`the default bundle is ${megabytes(bundleBytes, 1)} MB of that`);
  });

  test("of the datastore in docs/training.md is that of the file", () => {
    expect(prose("docs/training.md")).toContain(`${megabytes(standard.files["datastore"]!.bytes, 1)} MB`);
  });
});

describe("lists", () => {
  const licences = registerLicences("");
  const executable = buildProgram([licences]);
  const whole = buildProgram([registerFeatures, registerTrain, registerExport, licences]);
  const names = (program: typeof whole) => program.commands.map((command) => command.name());

  test("the verbs that README.md says an executable leaves out are those", () => {
    const [, said] = /It leaves out the verbs that need tfjs: (.*?)\./.exec(prose("README.md"))!;
    const lacks = names(whole).filter((name) => !names(executable).includes(name));
    expect([...said!.matchAll(/`(.*?)`/g)].map((found) => found[1]!).sort()).toEqual(lacks.sort());
  });

  test("the verbs of docs/backends.md are those with --backend for captions", () => {
    const [, said] = /The command line has `--backend` \((.*?)\)/.exec(prose("docs/backends.md"))!;
    const having = whole.commands.filter((command) =>
      command.options.some(({ long, description }) => long === "--backend" && description.includes("graphs")),
    );
    expect([...said!.matchAll(/`(.*?)`/g)].map((found) => found[1]!)).toEqual(having.map((one) => one.name()).sort());
  });

  test("the table of docs/dependencies.md has the dependencies, and the folders that import them", () => {
    const sources = globSync("src/**/*.ts", { cwd: root }).map((file) => [file, read(file)] as const);
    const importers = (name: string) => {
      const specifiers = Object.entries(packageJson.imports)
        .filter(([, choices]) => Object.values(choices).some((choice) => choice.split("/")[0] === name))
        .map(([specifier]) => specifier);
      const wanted = [name, `${name}/`, ...specifiers].map((start) => `"${start}`);
      const importing = sources.filter(([, text]) =>
        [...text.matchAll(/(?:from|import\()\s*("[^"]+)"/g)].some(([, specifier]) =>
          wanted.some((start) => specifier === start || (start.endsWith("/") && specifier!.startsWith(start))),
        ),
      );
      return [...new Set(importing.map(([file]) => `${file.split("/").slice(0, 2).join("/")}/`))].sort();
    };
    // The other table, with two columns, says what each package sends.
    const table = rows("docs/dependencies.md", "`")
      .filter((cells) => cells.length === 4)
      .map(([name, , folders]) => [name, folders]);
    const expected = Object.keys(packageJson.dependencies).map((name) => [
      `\`${name}\``,
      importers(name)
        .map((folder) => `\`${folder}\``)
        .join(", "),
    ]);
    expect(table.sort()).toEqual(expected.sort());
    const page = read("docs/dependencies.md");
    const optional = Object.keys(packageJson.peerDependencies);
    expect(optional.filter((name) => !page.includes(`\`${name}\``) && !name.startsWith("@tensorflow/"))).toEqual([]);
  });

  test("the options of docs/server.md are those of the schema, with its ranges", () => {
    const table = rows("docs/server.md", "`").filter(([name]) => /^`[a-zA-Z]+`(?:, `[a-zA-Z]+`)*$/.test(name!));
    const described = new Map(
      table.flatMap(([name, text]) => [...name!.matchAll(/`(\w+)`/g)].map((found) => [found[1]!, text!] as const)),
    );
    const properties = Object.entries(optionsSchema.properties) as [string, { minimum?: number; maximum?: number }][];
    for (const [name, { minimum, maximum }] of properties) {
      const text = described.get(name);
      expect([name, text]).toEqual([name, expect.any(String)]);
      const range = /(\d+)(?: \(\w+\))? to (\d+)/.exec(text!);
      if (range !== null) expect([name, ...range.slice(1).map(Number)]).toEqual([name, minimum!, maximum!]);
    }
    // The three options whose range the document gives, and what the library does at its ends.
    const recommended = { generation: standard.generation, decoder: standard.decoder } as Parameters<
      typeof resolveOptions
    >[1];
    for (const name of ["beams", "alternatives", "maxWords"] as const) {
      const { minimum, maximum } = optionsSchema.properties[name] as { minimum: number; maximum: number };
      expect(described.get(name)).toMatch(new RegExp(`${minimum}(?: \\(\\w+\\))? to ${maximum}\\b`));
      for (const value of [minimum, maximum]) resolveOptions({ [name]: value }, recommended);
      for (const value of [minimum - 1, maximum + 1])
        expect(() => resolveOptions({ [name]: value }, recommended)).toThrow(`${minimum} to ${maximum}`);
    }
  });

  test("the problems of docs/server.md are those of the server, by status", () => {
    // Codes in the order of their statuses, or all of one status.
    const table = rows("docs/server.md", "").filter(([status]) => /^\d{3}(?:, \d{3})*$/.test(status!));
    const said = table.flatMap(([status, text]) => {
      const statuses = status!.split(", ").map(Number);
      const codes = [...text!.matchAll(/`([a-z-]+)`/g)].map((found) => found[1]!);
      return codes.map((code, i) => `${statuses[statuses.length > 1 ? i : 0]} ${code}`);
    });
    expect(said.sort()).toEqual(problemCodes.map((code) => `${statusOf(code)} ${code}`).sort());
  });

  test("docs/page.md says which photos the page makes smaller, as its script does", () => {
    const source = read("src/server/page/client/intake/upload.ts");
    const [, mebibytes] = /^const mostBytes = (\d+) \* 2 \*\* 20;$/m.exec(source)!;
    const [, pixels] = /^const longestSide = (\d+);$/m.exec(source)!;
    expect(prose("docs/page.md")).toContain(`of more than ${mebibytes} MiB`);
    expect(prose("docs/page.md")).toContain(`at most ${pixels} pixels long`);
  });

  test("docs/page.md says how the page sends requests, as its script does", () => {
    const source = read("src/server/page/client/caption_queue.ts");
    expect([/^const atOnce = 3;$/m.test(source), /^const mostTries = 10;$/m.test(source)]).toEqual([true, true]);
    expect(prose("docs/page.md")).toContain("asks for three captions at once");
    expect(prose("docs/page.md")).toContain("up to ten times");
    const care = read("src/server/page/client/index.html").matchAll(/<option value="(\d+)"/g);
    const [quick, thorough] = [...care].map(([, beams]) => beams);
    expect(prose("docs/page.md")).toContain(`${quick} for "Quick", ${thorough} for "Thorough"`);
  });

  test("the defaults of the server in docs/operate.md are those of its flags", () => {
    const serve = whole.commands.find((command) => command.name() === "serve")!;
    const standardOf = (flag: string) =>
      Number(/\(default: (\d+)\)/.exec(serve.options.find(({ long }) => long === flag)!.description)![1]);
    const [queue, bodies, cache] = [standardOf("--queue"), standardOf("--body-memory"), standardOf("--cache")];
    const page = prose("docs/operate.md");
    expect(page).toContain(`at most \`--body-memory\`, ${bodies} MiB by default`);
    expect(page).toContain(`\`--cache\` adds up to ${cache} MiB`);
    expect(page).toContain(`A full queue of ${queue} `);
  });
});

describe("the recipe of docs/training.md", () => {
  test("has the settings", () => {
    const page = prose("docs/training.md");
    const [written, critical] = attentionDefaults.stages;
    const rate = (value: number) => value.toExponential().replace("e-", "e-");
    for (const said of [
      `${written!.epochs} epochs: all captions of ${attentionDefaults.photosPerStep} photos a step, AdamW at ${rate(written!.learningRate)} with a cosine, label smoothing ${written!.labelSmoothing}`,
      `at ${attentionDefaults.lastStageRate} of its rate`,
      `${critical!.epochs} epochs (Rennie et al., 2017)`,
      `${critical!.selfCritical!.samples} captions a photo are drawn`,
      `AdamW at ${rate(critical!.learningRate)} with a cosine`,
      `with a decay of ${attentionDefaults.averaging} a step`,
    ])
      expect(page).toContain(said);
  });
});

describe("tables", () => {
  test("have no row after a blank line, and the same number of cells in each row", () => {
    const pages = globSync(["*.md", "docs/**/*.md", "examples/**/*.md", "test/**/*.md"], { cwd: root });
    const faults = pages.flatMap((page) => {
      const lines = read(page)
        .replaceAll(/^ *```.*?^ *```/gms, (block) => block.replaceAll(/[^\n]/g, ""))
        .split("\n");
      const cells = (line: string) => line.trim().replaceAll("\\|", "").split("|").length;
      return lines.flatMap((line, i) => {
        if (!/^ *\|/.test(line)) return [];
        const starts = !/^ *\|/.test(lines[i - 1] ?? "");
        if (starts)
          return /^ *\|[ :|-]+\|$/.test(lines[i + 1] ?? "") ? [] : [`${page}:${i + 1} is cut off from its table`];
        return cells(line) === cells(lines[i - 1]!) ? [] : [`${page}:${i + 1} has other cells than the row above`];
      });
    });
    expect(faults).toEqual([]);
  });
});

describe("commands", () => {
  test("of README.md need nothing but Node and npm", () => {
    const commands = [
      ...codeBlocks(read("README.md"), "sh").flatMap((block) => block.split("\n")),
      ...[...read("README.md").matchAll(/`([^`\n]+)`/g)].map((found) => found[1]!),
    ];
    const wrong = commands.filter((line) => /(?:^|&&|\|)\s*(?:bun|deno|tsc|biome|python3?) /.test(line));
    expect(wrong).toEqual([]);
    expect(commands.filter((line) => line.includes("npx bun run")).length).toBeGreaterThan(3);
  });
});

/** The text of a module, followed by those of the modules that it exports whole. */
function withReexports(path: string): string {
  const source = readFileSync(path, "utf8");
  const more = [...source.matchAll(/^export \* from "(\..*?)";/gm)].map(([, from]) => join(dirname(path), from!));
  return [source, ...more.map(withReexports)].join("\n");
}

describe("examples in docstrings", () => {
  test("import what is exported from where they say", async () => {
    const entries = Object.fromEntries(
      Object.entries(packageJson.exports).map(([name, target]) => [
        name.replace(/^\./, "edgecap"),
        typeof target === "string" ? target : "",
      ]),
    );
    const wrong: string[] = [];
    let count = 0;
    for (const file of globSync("src/**/*.ts", { cwd: root }))
      for (const [, block] of read(file).matchAll(/^ *\* ```ts.*?\n(.*?)^ *\* ```/gms))
        for (const [, named, from] of block!.matchAll(/^ *\* import \{ (.*?) \} from "(edgecap[^"]*|\.[^"]*)";/gm)) {
          count++;
          const target = from!.startsWith(".")
            ? new URL(from!, `file://${root}${file}`).pathname
            : root + entries[from!];
          const source = withReexports(target);
          for (const name of named!.split(/, (?:type )?/))
            if (!new RegExp(`^export [^;]*?\\b${name}\\b`, "m").test(source))
              wrong.push(`${file}: ${name} from "${from}"`);
        }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(2);
  });
});
