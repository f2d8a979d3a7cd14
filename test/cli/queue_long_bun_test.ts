import { describe, expect } from "bun:test";
import { copyFileSync, existsSync, linkSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { noRedis, type RedisServer, startRedis } from "../fixtures/redis_server.ts";
import { testUnless } from "../skip.ts";
import { edgecap, inFolder, type Running, start, writeTinyBundle } from "./edgecap.ts";

const coffee = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));

interface Scene {
  readonly folder: string;
  readonly redis: RedisServer;
  /** Pictures in the folder `photos`. */
  readonly names: readonly string[];
  /** Starts a worker and waits until it takes pictures. */
  worker(): Promise<Running>;
  readonly batch: readonly string[];
  results(): { image: string; caption?: string; error?: { code: string } }[];
}

function withQueue(count: number, work: (scene: Scene) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await using redis = await startRedis(folder);
    await writeTinyBundle(join(folder, "tiny"));
    await mkdir(join(folder, "photos"));
    copyFileSync(coffee, join(folder, "coffee.jpg"));
    const names = Array.from({ length: count }, (_, i) => join("photos", `${i}.jpg`));
    for (const name of names) linkSync(join(folder, "coffee.jpg"), join(folder, name));
    const running: Running[] = [];
    try {
      await work({
        folder,
        redis,
        names,
        batch: ["batch", "photos", "--out", "out.jsonl", "--queue", redis.address],
        worker: async () => {
          const args = ["worker", "--queue", redis.address, "--bundle", "tiny", "--workers", "1"];
          const run = start(args, { cwd: folder });
          running.push(run);
          while (!run.output().includes("Taking pictures")) {
            if (run.child.exitCode !== null) throw new Error(run.output());
            await Bun.sleep(20);
          }
          return run;
        },
        results: () =>
          existsSync(join(folder, "out.jsonl"))
            ? readFileSync(join(folder, "out.jsonl"), "utf8")
                .split("\n")
                .slice(0, -1)
                .map((line) => JSON.parse(line))
            : [],
      });
    } finally {
      for (const { child } of running) child.kill("SIGKILL");
      await Promise.all(running.map(({ ended }) => ended));
    }
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(5);
}

describe("edgecap batch --queue and edgecap worker", () => {
  testUnless(
    noRedis,
    "1,000 pictures, three workers of which one is killed, a collector that is killed: 1,000 results",
    () =>
      withQueue(998, async ({ folder, redis, names, worker, batch, results }) => {
        writeFileSync(join(folder, "photos", "corrupt.jpg"), "no picture");
        writeFileSync(join(folder, "photos", "empty.jpg"), "");
        const workers = [await worker(), await worker(), await worker()];
        const collector = start(batch, { cwd: folder });
        await until(() => results().length >= 100);
        workers[0]!.child.kill("SIGKILL");
        await until(() => results().length >= 300);
        collector.child.kill("SIGKILL");
        await collector.ended;
        expect(results().length).toBeLessThan(1000);
        const { status, stderr } = await edgecap(batch, { cwd: folder });
        expect([status, stderr]).toEqual([1, expect.stringMatching(/^\d+ captioned in .* \d failed, \d+ done before/)]);
        const found = results();
        const expected = [...names, "photos/corrupt.jpg", "photos/empty.jpg"];
        expect(found.map(({ image }) => image).sort()).toEqual(expected.sort());
        const failed = found.filter(({ error }) => error !== undefined);
        const codes = [
          ["photos/corrupt.jpg", "image-unsupported"],
          ["photos/empty.jpg", "image-empty"],
        ];
        expect(failed.map(({ image, error }) => [image, error!.code]).sort()).toEqual(codes);
        const letters = ["dead-letters", "--queue", redis.address];
        const dead = (await edgecap([...letters, "--clear"])).stdout.trimEnd().split("\n");
        const parsed = dead.map((line) => JSON.parse(line) as { image: string; error: { code: string } });
        expect(parsed.map(({ image, error }) => [image, error.code]).sort()).toEqual(codes);
        expect((await edgecap(letters)).stdout).toBe("");
        const again = await edgecap(batch, { cwd: folder });
        expect(again.stderr).toMatch(/^0 captioned .* 1000 done before, of which 2 failed\n$/);
        for (const { child } of workers.slice(1)) child.kill("SIGTERM");
        for (const { ended } of workers.slice(1)) {
          const { status, stderr } = await ended;
          expect([status, stderr]).toEqual([0, expect.stringMatching(/\d+ captioned, \d+ attempts failed\n$/)]);
        }
      }),
  );

  testUnless(noRedis, "a picture that cannot be read is tried again, and captioned once it is there", () =>
    withQueue(1, async ({ folder, worker, redis, results }) => {
      await worker();
      const args = ["batch", "-", "--out", "out.jsonl", "--queue", redis.address];
      const run = start(args, { cwd: folder, stdin: "photos/late.jpg\n" });
      await Bun.sleep(500);
      copyFileSync(coffee, join(folder, "photos", "late.jpg"));
      expect((await run.ended).status).toBe(0);
      expect(results()).toEqual([expect.objectContaining({ image: "photos/late.jpg", caption: expect.any(String) })]);
    }),
  );

  testUnless(noRedis, "a queue that holds pictures of another batch is not mixed up with it", () =>
    withQueue(20, async ({ folder, batch, redis, worker, results }) => {
      const first = start(batch, { cwd: folder });
      // Each picture that is handed out has its own key.
      const client = new Redis(redis.address);
      while ((await client.dbsize()) < 20) await Bun.sleep(20);
      client.disconnect();
      first.child.kill("SIGINT");
      expect((await first.ended).status).toBe(130);
      const other = await edgecap(["batch", "photos", "--out", "other.jsonl", ...batch.slice(4)], { cwd: folder });
      expect([other.status, other.stderr]).toEqual([
        1,
        expect.stringContaining("holds pictures of the batch that writes"),
      ]);
      expect(other.stderr).toContain("out.jsonl");
      await worker();
      expect((await edgecap(batch, { cwd: folder })).status).toBe(0);
      expect(results()).toHaveLength(20);
    }),
  );

  testUnless(noRedis, "worker and batch end at a signal even if the server is gone", () =>
    withQueue(20, async ({ folder, redis, batch, worker }) => {
      const { Queue } = await import("bullmq");
      const idle = await worker();
      // No worker takes jobs from the other queue, so its batch waits.
      const waiting = [...batch.slice(0, -1), `${redis.address}?name=other`];
      const collector = start(waiting, { cwd: folder });
      const queue = new Queue("other", { connection: { url: redis.address } });
      while ((await queue.getWaitingCount()) < 20) await Bun.sleep(50);
      await queue.close();
      await redis.stop();
      const started = performance.now();
      idle.child.kill("SIGTERM");
      collector.child.kill("SIGINT");
      expect((await idle.ended).status).toBe(0);
      expect((await collector.ended).status).toBe(130);
      expect(performance.now() - started).toBeLessThan(30_000);
    }),
  );

  testUnless(noRedis, "a job that is not edgecap's becomes a dead letter, and the batch continues", () =>
    withQueue(3, async ({ folder, redis, batch, worker, results }) => {
      const { Queue } = await import("bullmq");
      const queue = new Queue("edgecap", { connection: { url: redis.address } });
      await queue.addBulk(
        [{ to: "me@example.org" }, null, "text", { image: 7, path: [] }].map((data) => ({ name: "mail", data })),
      );
      await queue.close();
      await worker();
      expect((await edgecap(batch, { cwd: folder })).status).toBe(0);
      expect(results().length).toBe(3);
      // Later, all jobs would be done, as the others were.
      expect((await edgecap(batch, { cwd: folder })).status).toBe(0);
      const letters = await edgecap(["dead-letters", "--queue", redis.address]);
      const foreign = letters.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { error: { code: string; message: string } });
      expect(foreign.map(({ error }) => error.code)).toEqual(new Array(4).fill("data-invalid"));
      expect(letters.stdout).toContain("me@example.org");
    }),
  );
});
