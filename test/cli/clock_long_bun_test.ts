/** Clocks that jump while edgecap works, forwards and backwards, as after a long sleep or a correction. */
import { describe, expect } from "bun:test";
import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { answered } from "../fixtures/listening.ts";
import { noRedis, startRedis } from "../fixtures/redis_server.ts";
import { testUnless } from "../skip.ts";
import { edgecap, inFolder, type Running, type RunOptions, start, writeTinyBundle } from "./edgecap.ts";

const picture = fileURLToPath(new URL("../fixtures/images/grey.jpg", import.meta.url));
const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
const noFakeTime = library === undefined ? "libfaketime is not installed" : undefined;

/** A clock that the processes share and that only `Date` shows; durations are measured with another one. */
function fakeClock(folder: string): { readonly env: NonNullable<RunOptions["env"]>; jump(seconds: number): void } {
  const file = join(folder, "clock");
  const jump = (seconds: number) => writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}`);
  jump(0);
  const env = {
    LD_PRELOAD: library ?? "",
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return { env, jump };
}

const day = 86_400;

async function until(run: Running, holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    if (run.child.exitCode !== null) throw new Error(run.output());
    await wait(20);
  }
}

describe("a clock that jumps by a day and back", () => {
  testUnless(noFakeTime, "does not stop edgecap watch from captioning what is added", () =>
    inFolder(async (folder) => {
      const bundle = await writeTinyBundle(join(folder, "tiny"));
      const photos = join(folder, "photos");
      await mkdir(photos);
      const clock = fakeClock(folder);
      const run = start(["watch", "photos", "--write", "json", "--bundle", bundle], { cwd: folder, env: clock.env });
      await until(run, () => run.output().includes("Ctrl-C ends"));
      for (const [i, seconds] of [0, day, -day, 0].entries()) {
        clock.jump(seconds);
        copyFileSync(picture, join(photos, `${i}.jpg`));
        const list = join(photos, "captions.json");
        await until(run, () => existsSync(list) && readFileSync(list, "utf8").includes(`"${i}.jpg"`));
      }
      run.child.kill("SIGINT");
      expect((await run.ended).status).toBe(0);
      const { images } = JSON.parse(readFileSync(join(photos, "captions.json"), "utf8"));
      expect(Object.keys(images)).toEqual(["0.jpg", "1.jpg", "2.jpg", "3.jpg"]);
      // Another process, whose clock is right, has nothing left to do.
      const args = ["watch", "photos", "--write", "json", "--bundle", bundle, "--once"];
      expect((await edgecap(args, { cwd: folder })).stdout).not.toMatch(/\.jpg:/);
    }),
  );

  testUnless(noFakeTime, "changes no answer of a server, from its cache or not", () =>
    inFolder(async (folder) => {
      const bundle = await writeTinyBundle(join(folder, "tiny"));
      const clock = fakeClock(folder);
      const run = start(["serve", "--port", "0", "--workers", "1", "--bundle", bundle], { env: clock.env });
      await until(run, () => run.output().includes("Listening on"));
      const url = /Listening on (\S+)/.exec(run.output())![1]!;
      const body = readFileSync(picture);
      const caption = async (query: string) => {
        const headers = { "content-type": "image/jpeg" };
        const response = await answered(() => fetch(`${url}/v1/captions${query}`, { method: "POST", body, headers }));
        return [response.status, ((await response.json()) as { caption: string }).caption];
      };
      const first = await caption("");
      expect(first[0]).toBe(200);
      for (const [i, seconds] of [day, -day, 0].entries()) {
        clock.jump(seconds);
        expect(await caption("")).toEqual(first);
        // Options of its own, so that the cache has no answer.
        expect((await caption(`?seed=${i}`))[0]).toBe(200);
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
      }
      run.child.kill("SIGTERM");
      const { status, stderr } = await run.ended;
      expect([status, stderr]).toEqual([0, expect.not.stringContaining("worker-replaced")]);
    }),
  );

  testUnless(noFakeTime ?? noRedis, "loses and doubles nothing in a queue, whatever the clock says", () =>
    inFolder(async (folder) => {
      await using redis = await startRedis(folder);
      await writeTinyBundle(join(folder, "tiny"));
      await mkdir(join(folder, "photos"));
      const names = Array.from({ length: 300 }, (_, i) => `photos/${i}.jpg`);
      for (const name of names) copyFileSync(picture, join(folder, name));
      const [mine, theirs] = [join(folder, "a"), join(folder, "b")];
      for (const place of [mine, theirs]) await mkdir(place);
      const clocks = [fakeClock(mine), fakeClock(theirs)] as const;
      const worker = start(["worker", "--queue", redis.address, "--bundle", "tiny", "--workers", "1"], {
        cwd: folder,
        env: clocks[0].env,
      });
      const batch = ["batch", "photos", "--out", "out.jsonl", "--queue", redis.address];
      const collector = start(batch, { cwd: folder, env: clocks[1].env });
      const out = join(folder, "out.jsonl");
      const lines = () => (existsSync(out) ? readFileSync(out, "utf8").split("\n").slice(0, -1) : []);
      await until(collector, () => lines().length > 20);
      for (const [i, seconds] of [day, -day, 0, day].entries()) {
        clocks[i % 2]!.jump(seconds);
        await wait(200);
      }
      expect((await collector.ended).status).toBe(0);
      const images = lines().map((line) => (JSON.parse(line) as { image: string; caption: string }).image);
      expect(images.sort()).toEqual(names.sort());
      worker.child.kill("SIGTERM");
      expect((await worker.ended).status).toBe(0);
    }),
  );
});
