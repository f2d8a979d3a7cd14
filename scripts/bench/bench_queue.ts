/**
 * Measures how many captions per second worker processes with a shared queue give, in one run. Rounds are
 * interleaved, so that noise affects all of them equally. Needs redis-server.
 *
 * usage: bun run bench:queue [--pictures N] [--rounds N] [--most N]
 *   --pictures  pictures per batch (default 60)
 *   --rounds    batches for each number of workers (default 3)
 *   --most      most worker processes, each with one captioning thread (default 3)
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeProcessor } from "../../src/platform/processor.ts";
import { edgecap, inFolder, start } from "../../test/cli/edgecap.ts";
import { startRedis } from "../../test/fixtures/redis_server.ts";

const { values: flags } = parseArgs({
  options: {
    pictures: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    most: { type: "string", default: "3" },
  },
});
const pictures = Number(flags.pictures);
const counts = Array.from({ length: Number(flags.most) }, (_, i) => i + 1);
const rates = new Map(counts.map((count) => [count, [] as number[]]));

await inFolder(async (folder) => {
  await using redis = await startRedis(folder);
  if (redis === undefined) return;
  mkdirSync(join(folder, "photos"));
  for (let i = 0; i < pictures; i++) copyFileSync("examples/china.jpg", join(folder, "photos", `${i}.jpg`));
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const count of counts) {
      const args = ["worker", "--queue", redis.address, "--workers", "1"];
      const workers = Array.from({ length: count }, () => start(args, { cwd: folder }));
      while (!workers.every((worker) => worker.output().includes("Taking pictures"))) await Bun.sleep(50);
      const started = performance.now();
      const batch = await edgecap(["batch", "photos", "--out", "out.jsonl", "--queue", redis.address], { cwd: folder });
      if (batch.status !== 0) throw new Error(batch.stderr);
      const rate = (1000 * pictures) / (performance.now() - started);
      rates.get(count)!.push(rate);
      process.stderr.write(`${count} workers: ${rate.toFixed(2)} captions per second\n`);
      for (const { child } of workers) child.kill("SIGTERM");
      await Promise.all(workers.map(({ ended }) => ended));
      await rm(join(folder, "out.jsonl"));
    }
  }
});

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const alone = median(rates.get(1)!);
const rows = counts.map((count) => {
  const found = rates.get(count)!;
  const [low, high] = [Math.min(...found), Math.max(...found)];
  const rate = median(found);
  return `| ${count} | ${rate.toFixed(2)} | ${low.toFixed(2)} to ${high.toFixed(2)} | ${(rate / alone).toFixed(2)} |`;
});
console.log(
  `${describeProcessor()}, ${availableParallelism()} cores, load at the end ${loadavg()[0]!.toFixed(1)}, ${pictures} pictures a batch.\n\n| worker processes | captions a second, median | lowest to highest | times one |\n| ---: | ---: | --- | ---: |\n${rows.join("\n")}`,
);
