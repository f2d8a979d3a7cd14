/**
 * Kills edgecap at random moments, starts it again, and says whether anything was lost, doubled, damaged or left over:
 *
 *     bun run kills [--kills 100] [--seed 1] [--only train,export,worker,collector,batch,watch]
 *
 * Each kind of work runs once without a kill, and then again until it was killed that often; `watch` writes its three
 * forms together. The result must be the same each time. `worker` and `collector` need redis-server.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { killAtRandom, type Victim } from "../../test/fixtures/kills/campaign.ts";
import { batchVictim, collectorVictim, watchVictim, workerVictim } from "../../test/fixtures/kills/pictures.ts";
import { exportVictim, trainVictim } from "../../test/fixtures/kills/training.ts";
import { noRedis } from "../../test/fixtures/redis_server.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "train,export,worker,collector,batch,watch" },
  },
});
const kinds: Readonly<Record<string, (folder: string) => Promise<readonly Victim[]>>> = {
  train: async () => [trainVictim()],
  export: async (folder) => [await exportVictim(join(folder, "exported-run"))],
  worker: async () => [workerVictim(200)],
  collector: async () => [collectorVictim(400)],
  batch: async () => [batchVictim(100)],
  watch: async () => [watchVictim("json", 60), watchVictim("sidecar", 60), watchVictim("picture", 60)],
};

const [kills, seed] = [Number(values.kills), Number(values.seed)];
for (const kind of values.only.split(",")) {
  const make = kinds[kind];
  if (make === undefined) throw new Error(`Unknown kind "${kind}": give some of ${Object.keys(kinds).join(",")}.`);
  if (["worker", "collector"].includes(kind) && noRedis !== undefined) {
    console.log(`${kind}: left out, ${noRedis}`);
    continue;
  }
  const folder = await mkdtemp(join(tmpdir(), "edgecap-kills-"));
  try {
    const victims = await make(folder);
    for (const [i, victim] of victims.entries()) {
      const options = { kills: Math.ceil(kills / victims.length), seed };
      const progress = (now: number) => {
        if (now % 10 === 0) console.error(`${victim.name}: ${now} kills`);
      };
      const { kills: killed, jobs, wrong } = await killAtRandom(join(folder, String(i)), victim, options, progress);
      console.log(`${victim.name}: ${killed} kills in ${jobs} jobs, ${wrong.length} wrong`);
      if (wrong.length > 0) process.exitCode = 1;
      for (const fault of wrong) console.error(fault);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
