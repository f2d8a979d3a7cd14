/** Places and limits that a stranger's machine may have: each gives the caption, or one clear error. */
import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeUnless, testUnless } from "../skip.ts";
import { inFolder, main, type Outcome, writeTinyBundle } from "./edgecap.ts";

const picture = fileURLToPath(new URL("../fixtures/images/rgb.png", import.meta.url));
const isLinux = process.platform === "linux" ? undefined : "the shell's limits are those of Linux";
const lacks = (program: string, ...args: string[]) =>
  spawnSync(program, args).status === 0
    ? undefined
    : `${program} is missing, or may not do that here, or nobody else may read this folder`;
const noNamespace = lacks("unshare", "--mount", "--net", "true");
const otherUser = ["--reuid", "54321", "--regid", "54321", "--clear-groups"];
const readsUs = `test -x "${process.execPath}" && test -r "${main}"`;
const noOtherUser = lacks("setpriv", ...otherUser, "sh", "-c", readsUs);
const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
const noFakeTime = library === undefined ? "libfaketime is not installed" : undefined;

/** Runs the command line through a shell's script, in which "$@" is edgecap. */
function through(script: string, folder: string, args: readonly string[], env: Record<string, string> = {}): Outcome {
  const all = ["-c", script, "sh", process.execPath, main, ...args];
  return spawnSync("sh", all, {
    cwd: folder,
    env: { EDGECAP_BACKEND: "wasm", ...process.env, NO_COLOR: "1", ...env },
    encoding: "utf8",
  });
}

/** Works in a folder with a bundle and pictures, which every user may read. */
const inPlace = (work: (folder: string) => void | Promise<void>) =>
  inFolder(async (folder) => {
    await writeTinyBundle(join(folder, "tiny"));
    mkdirSync(join(folder, "photos"));
    for (const name of ["photos/a.png", "photos/new\nline.png", "photos/ü ñ.png"])
      copyFileSync(picture, join(folder, name));
    await chmod(folder, 0o755);
    await work(folder);
  });

const caption = ["caption", "photos", "--bundle", "tiny"];
const batch = ["batch", "photos", "--out", "out.jsonl", "--bundle", "tiny", "--workers", "1"];
const write = ["caption", "photos/a.png", "--bundle", "tiny", "--write", "xmp"];
const watch = ["watch", "photos", "--write", "json", "--once", "--bundle", "tiny"];

function expectCaptions({ status, stdout, stderr }: Outcome, where: string): void {
  expect([where, status, stderr, stdout.split("\n").length - 1]).toEqual([where, 0, "", 3]);
}

/** Checks that a run ended with one sentence that says what is wrong. */
function expectRefused({ status, stderr }: Outcome, says: RegExp): void {
  expect([status, stderr]).toEqual([1, expect.stringMatching(says)]);
  expect(stderr.match(/\n/g)?.length).toBe(1);
}

describeUnless(isLinux, "edgecap captions", () => {
  const places: Record<string, readonly [script: string, env?: Record<string, string>]> = {
    "without a home folder": ['unset HOME; exec "$@"'],
    "with a home folder that does not exist": ['exec "$@"', { HOME: "/nonexistent" }],
    "without a folder for temporary files": ['exec "$@"', { TMPDIR: "/nonexistent", BUN_TMPDIR: "/nonexistent" }],
    "with no variable at all": ['exec env -i EDGECAP_BACKEND=wasm NO_COLOR=1 "$@"'],
    "in the locale C, with names beyond ASCII": ['exec "$@"', { LC_ALL: "C", LANG: "C" }],
    "with 64 open files at most": ['ulimit -n 64; exec "$@"'],
  };
  for (const [where, [script, env]] of Object.entries(places)) {
    testUnless(undefined, where, () =>
      inPlace((folder) => expectCaptions(through(script, folder, caption, env), where)),
    );
  }

  testUnless(noFakeTime, "in 1970", () =>
    inPlace((folder) => {
      const env = { LD_PRELOAD: library!, FAKETIME: "@1970-01-02 00:00:00", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
      expectCaptions(through('exec "$@"', folder, caption, env), "1970");
    }),
  );

  testUnless(noNamespace, "without a network, and on a file system that is read-only everywhere", () =>
    inPlace((folder) => {
      const readOnly = `mount --rbind / /mnt && cd /mnt${folder} && mount -o remount,ro,bind /mnt && exec chroot /mnt sh -c`;
      const script = `exec unshare --mount --net sh -c '${readOnly} "cd ${folder}; exec \\"\\$@\\"" sh "$@"' sh "$@"`;
      expectCaptions(through(script, folder, caption), "read-only");
      const refused = /^error: Cannot write "out\.jsonl": its file system is read-only/;
      expectRefused(through(script, folder, batch), refused);
      expectRefused(through(script, folder, watch), /its file system is read-only/);
      expectRefused(through(script, folder, ["assets", "site"]), /"site": its file system is read-only/);
      expect(through(script, folder, write).stderr).toMatch(/^photos\/a\.png: not written: Cannot write/);
    }),
  );

  testUnless(noOtherUser, "as a user without a name, a home or a folder to write to", () =>
    inPlace((folder) => {
      const script = `unset HOME; exec setpriv ${otherUser.join(" ")} "$@"`;
      expectCaptions(through(script, folder, caption), "no user");
      expectRefused(through(script, folder, batch), /"out\.jsonl": the permissions of its folder do not allow it/);
      expectRefused(through(script, folder, watch), /the permissions of its folder do not allow it/);
    }),
  );
});

describeUnless(isLinux, "edgecap says what is wrong", () => {
  testUnless(undefined, "in a folder that was deleted", () =>
    inPlace((folder) => {
      const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
      const whole = ["caption", join(folder, "photos", "a.png"), "--bundle", join(folder, "tiny")];
      expect(through(script, folder, whole).status).toBe(0);
      const lost = through(script, folder, ["caption", "a.png", "--bundle", join(folder, "tiny")]);
      expectRefused(lost, /there is no such file/);
      const out = ["batch", join(folder, "photos"), "--out", "out.jsonl", "--bundle", join(folder, "tiny")];
      expectRefused(through(script, folder, out), /its folder does not exist/);
    }),
  );

  testUnless(undefined, "with too few addresses for WebAssembly", () =>
    inPlace((folder) => {
      const refused = /^error: There is not enough memory: .*ulimit -v/;
      for (const gigabytes of [2, 8])
        expectRefused(through(`ulimit -v ${gigabytes * 2 ** 20}; exec "$@"`, folder, caption), refused);
    }),
  );

  testUnless(undefined, "about names that are too long", () =>
    inPlace((folder) => {
      const name = "a".repeat(300);
      expectRefused(through('exec "$@"', folder, ["caption", `${name}.png`, "--bundle", "tiny"]), /name is too long/);
      expectRefused(through('exec "$@"', folder, batch.with(3, `${name}.jsonl`)), /its name is too long/);
      expect(existsSync(join(folder, "out.jsonl"))).toBe(false);
    }),
  );
});
