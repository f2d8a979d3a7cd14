import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testUnless } from "../skip.ts";
import { edgecap, inFolder, type Outcome, start, writeTinyBundle } from "./edgecap.ts";

const coffee = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Writes the same picture under these names into a folder. */
function pictures(folder: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    copyFileSync(coffee, join(folder, name));
  }
}

const lines = (text: string): { image: string; caption?: string; error?: { code: string } }[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** The result of each verb that reads folders, by the names of the pictures in one: a caption or a code. */
async function everyVerb(
  cwd: string,
  run: (args: readonly string[]) => Promise<Outcome>,
  more: readonly string[] = [],
): Promise<Record<string, { status: number | null; stderr: string; images: Record<string, string> }>> {
  const images = (rows: ReturnType<typeof lines>) =>
    Object.fromEntries(
      rows
        .map(({ image, error }) => [image.replace(/^photos\//, ""), error?.code ?? "caption"] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const caption = await run(["caption", "--json", "photos", "--bundle", "tiny", ...more]);
  rmSync(join(cwd, "out.jsonl"), { force: true });
  const batch = await run(["batch", "photos", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "1", ...more]);
  const watch = await run(["watch", "photos", "--write", "json", "--once", "--bundle", "tiny", ...more]);
  const known = JSON.parse(readFileSync(join(cwd, "photos", "captions.json"), "utf8")).images as Record<string, object>;
  return {
    caption: { ...caption, images: images(lines(caption.stdout)) },
    batch: { ...batch, images: images(lines(readFileSync(join(cwd, "out.jsonl"), "utf8"))) },
    watch: { ...watch, images: images(Object.entries(known).map(([image, found]) => ({ image, ...found }))) },
  };
}

describe("caption, batch and watch", () => {
  test("find the same pictures in a folder, and report what they skip", () =>
    inFolder(async (folder) => {
      await writeTinyBundle(join(folder, "tiny"));
      pictures(folder, ["photos/a.jpg", "photos/b.jpe", "photos/sub/c.JFIF", "other/d.jpg", "photos/.git/e.jpg"]);
      pictures(folder, ["photos/@eaDir/f.jpg", "photos/._g.jpg", "photos/__MACOSX/h.jpg"]);
      symlinkSync("../other", join(folder, "photos", "linked"));
      symlinkSync("..", join(folder, "photos", "sub", "up"));
      symlinkSync("loop", join(folder, "photos", "loop"));
      symlinkSync("/dev/zero", join(folder, "photos", "zero.jpg"));
      spawnSync("mkfifo", [join(folder, "photos", "pipe.jpg")]);
      const expected = {
        ...{ "a.jpg": "caption", "b.jpe": "caption", "linked/d.jpg": "caption" },
        ...{ "pipe.jpg": "file-unreadable", "sub/c.JFIF": "caption", "zero.jpg": "file-unreadable" },
      };
      const run = (args: readonly string[]) => edgecap(args, { cwd: folder });
      for (const [verb, { status, stderr, images }] of Object.entries(await everyVerb(folder, run))) {
        expect([verb, status, images]).toEqual([verb, 1, expected]);
        expect(stderr).toContain("leads back to a folder that contains it");
        expect(stderr).toContain("it is a link that leads back to itself");
        expect(stderr).not.toContain("    at ");
      }
      rmSync(join(folder, "photos", "captions.json"));
      for (const { images } of Object.values(await everyVerb(folder, run, ["--hidden"]))) {
        expect(Object.keys(images)).toEqual(
          [...Object.keys(expected), "._g.jpg", ".git/e.jpg", "@eaDir/f.jpg", "__MACOSX/h.jpg"].sort(),
        );
      }
    }));

  const isRoot = process.getuid?.() === 0;
  const canBeNobody = !isRoot || spawnSync("setpriv", ["--version"]).status === 0;
  const notNobody = canBeNobody ? undefined : "the tests run as root, and setpriv, which takes that away, is missing";
  testUnless(notNobody, "skip a folder that they may not read", () =>
    inFolder(async (folder) => {
      await writeTinyBundle(join(folder, "tiny"));
      pictures(folder, ["photos/a.jpg", "photos/lost+found/b.jpg", "photos/z/c.jpg"]);
      await chmod(join(folder, "photos", "lost+found"), 0);
      try {
        // Root reads everything; without its capability to do so it does not.
        const bare = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"];
        const run = async (args: readonly string[]): Promise<Outcome> => {
          const [program, ...before] = isRoot ? [...bare, process.execPath] : [process.execPath];
          const child = Bun.spawn([program!, ...before, main, ...args], {
            cwd: folder,
            env: { EDGECAP_BACKEND: "wasm", ...process.env, NO_COLOR: "1" },
            stdout: "pipe",
            stderr: "pipe",
          });
          const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
          return { status: await child.exited, stdout, stderr };
        };
        for (const [verb, { status, stderr, images }] of Object.entries(await everyVerb(folder, run))) {
          expect([verb, status, images]).toEqual([verb, 1, { "a.jpg": "caption", "z/c.jpg": "caption" }]);
          expect(stderr).toContain('lost+found": its permissions do not allow it.');
          expect(stderr).not.toContain("    at ");
        }
      } finally {
        await chmod(join(folder, "photos", "lost+found"), 0o755);
      }
    }),
  );
});

describe("edgecap batch", () => {
  test("reads lists in every form, and does not mistake a picture for a list", () =>
    inFolder(async (folder) => {
      await writeTinyBundle(join(folder, "tiny"));
      pictures(folder, ["photos/a b.jpg", "photos/é.jpg", "x.jfif", "picture.bin"]);
      const names = ["photos/a b.jpg", "photos/é.jpg"];
      const utf16 = Buffer.from(`\ufeff${names.join("\r\n")}\r\n`, "utf16le");
      const lists: Record<string, string | Uint8Array> = {
        print0: names.map((name) => `${name}\0`).join(""),
        "utf16.txt": utf16,
        "marked.txt": `\ufeff${names.join("\r\n")}\r\n`,
        "blanks.txt": names.map((name) => `   ${name}\n`).join(""),
      };
      const args = ["--bundle", "tiny", "--workers", "1", "--out"];
      for (const [list, content] of Object.entries(lists)) {
        writeFileSync(join(folder, list), content);
        const { status, stderr } = await edgecap(["batch", list, ...args, `${list}.jsonl`], { cwd: folder });
        expect([list, status, stderr]).toEqual([list, 0, expect.stringMatching(/^2 captioned/)]);
      }
      const pictured = await edgecap(["batch", "x.jfif", "picture.bin", ...args, "out.jsonl"], { cwd: folder });
      expect([pictured.status, pictured.stderr]).toEqual([0, expect.stringMatching(/^2 captioned/)]);
      expect(
        lines(readFileSync(join(folder, "out.jsonl"), "utf8"))
          .map(({ image }) => image)
          .sort(),
      ).toEqual(["picture.bin", "x.jfif"]);
      writeFileSync(join(folder, "program"), "\x7fELF\x02\x01\x01\0\0\0\0");
      const refused = await edgecap(["batch", "program", ...args, "none.jsonl"], { cwd: folder });
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("neither a picture nor a list")]);
      expect(readFileSync(join(folder, "none.jsonl"), "utf8")).toBe("");
    }));

  test("one file of results has one batch at a time", () =>
    inFolder(async (folder) => {
      await writeTinyBundle(join(folder, "tiny"));
      pictures(
        folder,
        Array.from({ length: 200 }, (_, i) => `photos/${i}.jpg`),
      );
      const args = ["batch", "photos", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "1"];
      const first = start(args, { cwd: folder });
      while (!existsSync(join(folder, "out.jsonl.lock"))) await Bun.sleep(5);
      const second = await edgecap(args, { cwd: folder });
      expect([second.status, second.stderr]).toEqual([
        1,
        expect.stringMatching(/^error: Process \d+ on .* is writing "out\.jsonl"/),
      ]);
      first.child.kill("SIGKILL");
      await first.ended;
      expect(existsSync(join(folder, "out.jsonl.lock"))).toBe(true);
      expect((await edgecap(args, { cwd: folder })).status).toBe(0);
      expect(existsSync(join(folder, "out.jsonl.lock"))).toBe(false);
      expect(lines(readFileSync(join(folder, "out.jsonl"), "utf8")).length).toBe(200);
    }));
});

const noFullDisk = existsSync("/dev/full") ? undefined : "no /dev/full, which plays a full disk";

testUnless(noFullDisk, "a full disk at standard output is one sentence", () =>
  inFolder(async (folder) => {
    await writeTinyBundle(join(folder, "tiny"));
    await mkdir(join(folder, "photos"));
    pictures(folder, ["photos/a.jpg", "photos/b.jpg"]);
    const verbs = [
      "caption photos --bundle tiny",
      "caption --json photos --bundle tiny",
      "watch photos --once --write json --bundle tiny",
      "models",
      "licences",
      "--help",
    ];
    for (const verb of verbs) {
      const script = `exec "${process.execPath}" "${main}" ${verb} > /dev/full`;
      const env = { EDGECAP_BACKEND: "wasm", ...process.env, NO_COLOR: "1" };
      const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: folder, env, encoding: "utf8" });
      expect([verb, status, stderr]).toEqual([verb, 1, "error: Cannot write to standard output: the disk is full.\n"]);
    }
  }),
);
