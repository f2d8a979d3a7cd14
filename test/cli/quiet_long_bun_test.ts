import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { edgecap, inFolder, start, writeTinyBundle } from "./edgecap.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
const coffee = join(root, "examples/coffee.jpg");
const deno = join(root, "node_modules/.bin/deno");

/** Runs a command as on a new machine: with an empty home and cache, and before any backend was chosen. */
function fresh(folder: string, command: readonly string[]) {
  const { EDGECAP_BACKEND: _, XDG_RUNTIME_DIR: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
    cwd: root,
    encoding: "utf8",
    env: {
      ...env,
      ...{ HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), EDGECAP_CACHE: join(folder, "edgecap"), NO_COLOR: "1" },
      ...{ DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1" },
    },
  });
  return { status, stdout, stderr };
}

describe("edgecap prints", () => {
  for (const [runtime, command] of [
    ["Bun", [process.execPath]],
    ["Deno", [deno, "run", "-A", "--no-check"]],
  ] as const) {
    test(`the caption and nothing else at a first run on ${runtime}`, () =>
      inFolder(async (folder) => {
        const found = fresh(folder, [...command, main, "caption", coffee]);
        expect(found).toEqual({ status: 0, stdout: expect.stringMatching(/^[a-z' ]+\n$/), stderr: "" });
      }));
  }

  test("no lines from TensorFlow, on any backend", () =>
    inFolder(async (folder) => {
      const script = join(folder, "start.ts");
      const module = JSON.stringify(join(root, "src/training/tensorflow.ts"));
      writeFileSync(
        script,
        `const { startTensorflow, tf } = await import(${module});
await startTensorflow(process.argv[2]);
console.log((await tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).data()).join());`,
      );
      for (const backend of ["auto", "wasm", "cpu"]) {
        const found = fresh(folder, [process.execPath, script, backend]);
        expect([backend, found]).toEqual([backend, { status: 0, stdout: "2,2,2,2\n", stderr: "" }]);
      }
    }));

  test("which permission Deno lacks, in a sentence", () =>
    inFolder(async (folder) => {
      const denied = (...flags: readonly string[]) =>
        fresh(folder, [deno, "run", "--no-prompt", "--no-check", ...flags, main, "caption", coffee]);
      const sentence = "error: Deno lacks a permission that edgecap needs: ";
      for (const [flags, what] of [
        [[], /^env access to "\w+"\. Start it with --allow-env\.\n$/],
        [["--allow-env"], /^read access to "[^"]+"\. Start it with --allow-read\.\n$/],
      ] as const) {
        const { status, stdout, stderr } = denied(...flags);
        expect([status, stdout, stderr.slice(0, sentence.length)]).toEqual([1, "", sentence]);
        expect(stderr.slice(sentence.length)).toMatch(what);
      }
    }));
});

describe("edgecap batch", () => {
  test("does not load a bundle if there is nothing to do", () =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, "photos"));
      copyFileSync(coffee, join(folder, "photos", "done.jpg"));
      writeFileSync(join(folder, "out.jsonl"), '{"image":"photos/done.jpg","caption":"a dog"}\n');
      const args = ["batch", "photos", "--out", "out.jsonl", "--bundle", "nowhere"];
      const { status, stderr } = await edgecap(args, { cwd: folder });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^0 captioned .* 1 done before\n$/)]);
      copyFileSync(coffee, join(folder, "photos", "more.jpg"));
      const more = await edgecap(args, { cwd: folder });
      expect([more.status, more.stderr]).toEqual([1, expect.stringContaining('No bundle at "')]);
    }));

  test("says after Ctrl-C what is kept, and the same command continues", () =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, "photos"));
      for (let i = 0; i < 300; i++) copyFileSync(coffee, join(folder, "photos", `${i}.jpg`));
      await writeTinyBundle(join(folder, "tiny"));
      const args = ["batch", "photos", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "1"];
      const lines = () =>
        readFileSync(join(folder, "out.jsonl"), { encoding: "utf8", flag: "a+" }).split("\n").length - 1;
      const run = start(args, { cwd: folder });
      while (lines() < 3 && run.child.exitCode === null) await Bun.sleep(5);
      run.child.kill("SIGINT");
      const { status, stderr } = await run.ended;
      expect([status, stderr]).toEqual([
        130,
        `Interrupted: ${lines()} captioned and 0 failed since the start are kept in "out.jsonl"; run the same command to continue.\n`,
      ]);
      expect(lines()).toBeLessThan(300);
      const again = await edgecap(args, { cwd: folder });
      expect([again.status, lines()]).toEqual([0, 300]);
    }));
});
