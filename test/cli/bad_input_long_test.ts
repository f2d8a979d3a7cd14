import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TinyPhotos, tinyPhotos } from "../fixtures/tiny_photos.ts";
import { testUnless } from "../skip.ts";
import { edgecap, inFolder, succeeded, trainArgs } from "./edgecap.ts";

/** Damages a collection. */
type Spoil = (photos: TinyPhotos) => Promise<void>;

const spoilt: readonly {
  readonly what: string;
  readonly spoil: Spoil;
  readonly says: RegExp;
  readonly flags?: readonly string[];
}[] = [
  {
    what: "a photo that is listed but missing",
    spoil: ({ images }) => rm(join(images, "photo-2.bmp")),
    says: /Cannot read the photo ".*photo-2\.bmp", named by line 3 of ".*train\.txt",: there is no such file/,
  },
  {
    what: "a device under the name of a photo",
    spoil: async ({ images }) => {
      await rm(join(images, "photo-2.bmp"));
      await symlink("/dev/zero", join(images, "photo-2.bmp"));
    },
    says: /Cannot read the photo ".*photo-2\.bmp", named by line 3 of ".*train\.txt",: it is not a file/,
  },
  {
    what: "a photo that cannot be read",
    spoil: ({ images }) => writeFile(join(images, "photo-6.bmp"), "no picture"),
    says: /The photo ".*photo-6\.bmp", named by line 1 of ".*dev\.txt", cannot be used/,
  },
  {
    what: "an empty captions file",
    spoil: ({ captions }) => writeFile(captions, ""),
    says: /".*captions\.txt" is empty/,
  },
  {
    what: "a caption of a million words",
    spoil: async ({ captions }) =>
      writeFile(captions, `${await readFile(captions, "utf8")}photo-1.bmp,${"a ".repeat(1e6)}\n`),
    says: /Line 26 of ".*captions\.txt" is 20000\d\d bytes long/,
  },
  {
    what: "two columns that are swapped",
    spoil: async ({ captions }) => {
      const [header, ...rows] = (await readFile(captions, "utf8")).split("\n");
      const swapped = rows.map((row) => row.split(",").reverse().join(","));
      await writeFile(captions, [header, ...swapped].join("\n"));
    },
    says: /Line 2 of ".*captions\.txt" has its columns swapped/,
  },
  {
    what: "a file in Latin-1",
    spoil: async ({ captions }) => {
      const text = `${await readFile(captions, "utf8")}photo-1.bmp,A café .\n`;
      await writeFile(
        captions,
        Uint8Array.from(text, (character) => character.charCodeAt(0)),
      );
    },
    says: /Line 26 of ".*captions\.txt" is not UTF-8 but looks like Latin-1/,
  },
  {
    what: "a file in UTF-16",
    spoil: async ({ captions }) => writeFile(captions, await readFile(captions, "utf8"), "utf16le"),
    says: /".*captions\.txt" is UTF-16LE, not UTF-8/,
  },
  {
    what: "a vocabulary of nothing",
    spoil: async () => {},
    says: /The vocabulary is empty: no word of the 12 training captions occurs 1000 times/,
    flags: ["--minimum-count", "1000"],
  },
  {
    what: "word vectors of another language",
    spoil: ({ vectors }) => writeFile(vectors, "hund 1 2\nkatze 3 4\n"),
    says: /".*vectors\.txt" has no vector for any of the \d+ words/,
  },
  {
    what: "an encoder that is none",
    spoil: ({ encoder }) => writeFile(encoder, "no graph"),
    says: /".*encoder\.onnx" is no/,
  },
];

function flagsOf({ encoder, vectors }: TinyPhotos): string[] {
  return ["--preset", "article", "--encoder", encoder, "--vectors", vectors, "--epochs", "1"];
}

/** An error is one line, with exit status 1, and leaves no bundle and no half-written file. */
function refused(outcome: { status: number | null; stderr: string }, run: string, says: RegExp): void {
  const message = outcome.stderr.split("\n").find((line) => line.startsWith("error: "));
  expect(message ?? outcome.stderr).toMatch(says);
  expect(outcome.stderr).not.toContain("    at ");
  expect(outcome.status).toBe(1);
  expect(existsSync(join(run, "bundle"))).toBe(false);
  const left = existsSync(run) ? readdirSync(run, { recursive: true }).map(String) : [];
  expect(left.filter((name) => name.endsWith(".partial") || name.includes(".bundle.edgecap-"))).toEqual([]);
}

/** Whether a small file system can be mounted, to stand for a full disk. */
const mounts = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0;
const noMount = mounts ? undefined : "no small file system can be mounted";

describe("edgecap train refuses", () => {
  for (const { what, spoil, says, flags = [] } of spoilt) {
    test(what, () =>
      inFolder(async (folder) => {
        const photos = await tinyPhotos(folder, 6);
        await spoil(photos);
        const run = join(folder, "run");
        refused(await edgecap(trainArgs(photos, run, [...flagsOf(photos), ...flags])), run, says);
      }),
    );
  }

  testUnless(noMount, "a disk that is full, whatever is being written", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 6);
      const run = join(folder, "run");
      await mkdir(run);
      const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
      const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
      const command = [process.execPath, ...runtime, main, ...trainArgs(photos, run, flagsOf(photos))];
      const named = new Set<string>();
      // Each size falls short of another file.
      for (const kilobytes of [4, 8, 16, 24]) {
        // An existing file takes the first page of the disk.
        const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs "$1"; shift; out="$1"; shift; "$@"; status=$?; ls -AR "$out" >&2; exit $status`;
        const env = { EDGECAP_BACKEND: "wasm", ...process.env, NO_COLOR: "1" };
        const args = ["-rm", "sh", "-c", script, "sh", run, run, ...command];
        const { status, stderr } = spawnSync("unshare", args, { encoding: "utf8", env });
        expect([kilobytes, status, stderr]).toEqual([
          kilobytes,
          1,
          expect.stringMatching(/Cannot write ".*": the disk is full/),
        ]);
        expect(stderr).not.toContain("    at ");
        expect(stderr).not.toContain(".partial");
        named.add(/Cannot write ".*run\/([^"]*)"/.exec(stderr)?.[1] ?? stderr);
      }
      expect(named.size).toBeGreaterThan(1);
    }),
  );
});

describe("edgecap export", () => {
  const mounting = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs -o size=48k tmpfs /mnt"]);
  const noMount = mounting.status === 0 ? undefined : "no small file system can be mounted";
  testUnless(noMount, "leaves the existing bundle if the disk is full", () =>
    inFolder(async (folder) => {
      const photos = await tinyPhotos(folder, 6);
      const run = join(folder, "run");
      succeeded(await edgecap(trainArgs(photos, run, flagsOf(photos))));
      const small = join(folder, "small");
      await mkdir(small);
      const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
      const runtime = "Deno" in globalThis ? "run -A --no-check" : "";
      const script = `mount -t tmpfs -o size=48k tmpfs ${small} && mkdir ${small}/bundle && echo kept > ${small}/bundle/old &&
        ${process.execPath} ${runtime} ${main} export ${run} --out ${small}/bundle; echo status $?; ls -A ${small} ${small}/bundle`;
      const env = { ...process.env, NO_COLOR: "1" };
      const { stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", script], { encoding: "utf8", env });
      expect(stderr).toMatch(/error: Cannot write ".*bundle": the disk is full/);
      expect(stdout).toContain("status 1");
      expect(
        stdout
          .slice(stdout.indexOf("status"))
          .split("\n")
          .filter((line) => line.startsWith(".")),
      ).toEqual([]);
      expect(stdout).toMatch(/bundle:\nold\n/);
    }),
  );

  test("refuses a folder that is not a run", () =>
    inFolder(async (folder) => {
      const { status, stderr } = await edgecap(["export", folder, "--out", join(folder, "bundle")]);
      expect(status).toBe(1);
      expect(stderr).toContain("is not the folder of a run");
    }));

  test("names the bundle of a run that continued from a bundle, or how to get it", () =>
    inFolder(async (folder) => {
      // The files of such a run once it has a checkpoint, and then its bundle.
      await writeFile(join(folder, "last.ckpt"), "");
      const refused = async () => {
        const { status, stderr } = await edgecap(["export", folder, "--out", join(folder, "out")]);
        expect(status).toBe(2);
        return stderr;
      };
      expect(await refused()).toMatch(/run of "edgecap train --from".* give its training command again with --resume/);
      await mkdir(join(folder, "bundle"));
      await writeFile(join(folder, "bundle", "manifest.json"), "{}");
      expect(await refused()).toContain(`use "${join(folder, "bundle")}"`);
      expect(existsSync(join(folder, "out"))).toBe(false);
    }));
});
