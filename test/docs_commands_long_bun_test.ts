import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTinyBundle } from "./cli/edgecap.ts";
import { codeBlocks } from "./code_blocks.ts";
import { noRedis, startRedis } from "./fixtures/redis_server.ts";
import { smallResnet } from "./fixtures/small_resnet.ts";
import { type TinyPhotos, tinyPhotos } from "./fixtures/tiny_photos.ts";
import { testUnless } from "./skip.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

let folder: string;
let photos: TinyPhotos;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-commands-"));
  const bundle = await writeTinyBundle(join(folder, "tiny"));
  photos = await tinyPhotos(join(folder, "data"), 36);
  mkdirSync(join(folder, "bin"));
  // What the pages call `edgecap` is installed; captions need no real model here.
  program("edgecap", `exec "${process.execPath}" "${root}src/cli/main.ts" "$@" \${TINY:+--bundle "${bundle}"}`);
  program("bun", `exec "${process.execPath}" "$@"`);
  for (const name of ["photos", "archive", "Pictures/holiday"]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (const i of [0, 1, 2]) copyFileSync(`${root}examples/coffee.jpg`, join(folder, name, `${i}.jpg`));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, line: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

/** The blocks of commands of a document, in their order, with the files of the test instead of the reader's. */
function commandsOf(page: string, places: Readonly<Record<string, string>>): string[] {
  return codeBlocks(readFileSync(root + page, "utf8"), "sh").map((block) =>
    Object.entries(places).reduce((command, [from, to]) => command.replaceAll(from, to), block),
  );
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs commands as a person would paste them, in the test's folder or the project's. */
function shell(commands: string, { cwd = folder, tiny = false, until = "" } = {}): Promise<Ran> {
  const env = {
    ...process.env,
    EDGECAP_BACKEND: "wasm",
    NO_COLOR: "1",
    HOME: folder,
    PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
    ...(tiny && { TINY: "1" }),
  };
  const child = spawn("bash", ["-euo", "pipefail", "-c", commands], { cwd, env, detached: until !== "" });
  let output = "";
  const read = (chunk: Uint8Array) => {
    const before = output;
    output += chunk;
    // As Ctrl-C does: to everything that the shell has started.
    if (until !== "" && output.includes(until) && !before.includes(until)) process.kill(-child.pid!, "SIGINT");
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
}

async function works(commands: string, options: Parameters<typeof shell>[1] = {}): Promise<string> {
  const { status, output } = await shell(commands, options);
  expect([commands, status, status === 0 ? "" : output]).toEqual([commands, 0, ""]);
  return output;
}

const lines = (file: string): string[] => readFileSync(join(folder, file), "utf8").trim().split("\n");

describe("commands of the documents", () => {
  test("docs/batch.md: of one machine", async () => {
    const [first, list, tables] = commandsOf("docs/batch.md", { "/archive": join(folder, "archive") });
    await works(first!, { tiny: true });
    expect(lines("captions.jsonl").length).toBe(3);
    await works(list!, { tiny: true });
    expect(lines("captions.jsonl").length).toBe(6);
    const listed = lines("captions.jsonl")
      .slice(3)
      .map((line) => JSON.parse(line).image as string);
    rmSync(join(folder, "captions.jsonl"));
    writeFileSync(join(folder, "rows.jsonl"), `${JSON.stringify({ image: listed[0], id: 1 })}\n`);
    writeFileSync(join(folder, "rows.csv"), `image,id\n${listed[1]},2\n${listed[2]},3\n`);
    const [ofJson, ofCsv] = tables!.trim().split("\n");
    expect(ofJson).toStartWith("jq ");
    const hasJq = Bun.which("jq") !== null;
    if (hasJq) await works(ofJson!, { tiny: true });
    await works(ofCsv!, { tiny: true });
    expect(lines("captions.jsonl").length).toBe(hasJq ? 3 : 2);
    for (const line of lines("captions.jsonl")) expect(typeof JSON.parse(line).caption).toBe("string");
  });

  testUnless(noRedis, "docs/batch.md: of several machines", async () => {
    await using redis = await startRedis(folder);
    rmSync(join(folder, "captions.jsonl"), { force: true });
    const [, , , worker, batch, dead] = commandsOf("docs/batch.md", {
      "/archive": join(folder, "archive"),
      "redis://queue.example:6379": redis.address,
    });
    writeFileSync(join(folder, "archive", "broken.jpg"), "no picture");
    const working = spawn("bash", ["-c", `exec ${worker} --workers 1`], {
      cwd: folder,
      env: {
        ...process.env,
        EDGECAP_BACKEND: "wasm",
        TINY: "1",
        PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      },
    });
    const ended = new Promise((resolve) => working.on("close", resolve));
    expect((await shell(batch!)).status).toBe(1);
    expect(lines("captions.jsonl").length).toBe(4);
    expect(await works(dead!)).toContain("broken.jpg");
    rmSync(join(folder, "archive", "broken.jpg"));
    working.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  test("docs/watch.md", async () => {
    const [watch] = commandsOf("docs/watch.md", {});
    const { output } = await shell(`exec ${watch}`, { tiny: true, until: "2.jpg" });
    const page = join(folder, "Pictures/holiday/index.html");
    expect([output, existsSync(page)]).toEqual([output, true]);
    expect(readFileSync(page, "utf8").match(/<img /g)?.length).toBe(3);
  });

  const inPlaces = () => ({
    "Images ": `${photos.images} `,
    "captions.txt": photos.captions,
    "trainImages.txt": photos.trainList,
    "devImages.txt": photos.devList,
    "photo.jpg": join(photos.images, "photo-40.bmp"),
  });

  test("README.md: training on your own photos", async () => {
    const run = join(folder, "own");
    const commands = commandsOf("README.md", {
      "--images DIR": `--images ${photos.images}`,
      "--captions FILE": `--captions ${photos.captions}`,
      "--train LIST": `--train ${photos.trainList}`,
      "--dev LIST": `--dev ${photos.devList}`,
      // Tiny photos need no large encoder, and are too few for many epochs.
      "--out RUN": `--out ${run} --encoder ${photos.encoder} --epochs 1 --self-critical-epochs 1`,
      "RUN/bundle": `${run}/bundle`,
      "photo.jpg": join(photos.images, "photo-40.bmp"),
    });
    const train = commands.find((block) => block.includes("edgecap train"));
    const output = await works(train!, { cwd: root });
    expect(output).toContain("epoch 2/2");
  });

  test("docs/article.md", async () => {
    const run = join(folder, "article");
    const [block] = commandsOf("docs/article.md", {
      ...inPlaces(),
      "--out runs/article": `--out ${run} --encoder simple-cnn --epochs 1 --minimum-count 1 --vectors ${photos.vectors}`,
      "runs/article": run,
    });
    // The first two lines install vectors and make an encoder, which other tests do.
    const [add, encoder, ...train] = block!.trim().split("\n");
    expect([add, encoder].map((line) => /^bun (?:add --dev|scripts\/model\/encoder\.ts) /.test(line!))).toEqual([
      true,
      true,
    ]);
    await works(train.join("\n"), { cwd: root });
  });

  test("docs/training.md", async () => {
    const [block] = commandsOf("docs/training.md", inPlaces());
    const [run, out] = [join(folder, "default-run"), join(folder, "default")];
    const encoder = join(folder, "resnet.onnx");
    writeFileSync(encoder, smallResnet());
    // Without these it would replace the default bundle.
    const given = ` --encoder ${encoder} --run ${run} --out ${out}\n`;
    const output = await works(block!.replace(/\n$/, given), { cwd: root });
    expect(output).toContain("as exported: ");
    const check = spawnSync(process.execPath, ["src/cli/main.ts", "caption", "--bundle", out, "examples/coffee.jpg"], {
      cwd: root,
    });
    expect(check.status).toBe(0);
  });
});
