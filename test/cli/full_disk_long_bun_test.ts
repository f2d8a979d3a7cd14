/** A disk that becomes full during `edgecap batch` and `edgecap watch`, and has space again later. */
import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testUnless } from "../skip.ts";
import { inFolder, writeTinyBundle } from "./edgecap.ts";

const picture = fileURLToPath(new URL("../fixtures/images/grey.jpg", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const mounts = spawnSync("unshare", ["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).status === 0;
const noMount = mounts ? undefined : "no small file system can be mounted";
const count = 60;

/**
 * Runs the command on a small disk with only a few kilobytes free, then again with more free space. Prints the exit
 * status of both runs, the files that exist after each, and the content of one.
 */
const script = `
mount -t tmpfs -o size=1m tmpfs disk && cp -r photos disk/ && cd disk || exit 9
head -c 2000000 /dev/zero > filler 2>/dev/null
truncate -s -"$1" filler
shift; file="$1"; shift
"$@"; echo "status $?"; ls -A . photos
rm filler
"$@"; echo "status $?"; ls -A . photos
echo "content"; cat "$file"`;

describe("on a disk that becomes full", () => {
  for (const { verb, file, args, names } of [
    {
      verb: "batch",
      file: "out.jsonl",
      args: ["photos", "--out", "out.jsonl", "--workers", "1"],
      names: (text: string) => {
        const lines = text.trimEnd().split("\n");
        return lines.map((line) => (JSON.parse(line) as { image: string }).image.slice("photos/".length));
      },
    },
    {
      verb: "watch",
      file: "photos/captions.json",
      args: ["photos", "--write", "json", "--once"],
      names: (text: string) => Object.keys((JSON.parse(text) as { images: object }).images),
    },
  ]) {
    testUnless(noMount, `edgecap ${verb} says so, leaves nothing half-written, and continues once there is space`, () =>
      inFolder(async (folder) => {
        await writeTinyBundle(join(folder, "tiny"));
        for (const name of ["photos", "disk"]) await mkdir(join(folder, name));
        const expected = Array.from({ length: count }, (_, i) => `${i}.jpg`);
        for (const name of expected) copyFileSync(picture, join(folder, "photos", name));
        const command = [process.execPath, main, verb, ...args, "--bundle", join(folder, "tiny")];
        const env = { EDGECAP_BACKEND: "wasm", ...process.env, NO_COLOR: "1" };
        const { stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", "8192", file, ...command], {
          cwd: folder,
          encoding: "utf8",
          env,
        });
        const [, first, second] = stdout.split(/^status /m);
        expect([stderr, first?.slice(0, 1), second?.slice(0, 1)]).toEqual([
          expect.stringMatching(/Cannot write ".*": the disk is full/),
          "1",
          "0",
        ]);
        expect(stderr).not.toContain("    at ");
        expect(`${first}${second!.split("content\n")[0]}`).not.toMatch(/\.partial|\.lock/);
        expect(names(second!.split("content\n")[1]!).sort()).toEqual(expected.sort());
      }),
    );
  }
});
