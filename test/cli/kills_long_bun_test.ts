import { describe, expect } from "bun:test";
import { join } from "node:path";
import { killAtRandom, type Victim } from "../fixtures/kills/campaign.ts";
import { batchVictim, collectorVictim, watchVictim, workerVictim } from "../fixtures/kills/pictures.ts";
import { exportVictim, trainVictim } from "../fixtures/kills/training.ts";
import { noRedis } from "../fixtures/redis_server.ts";
import { testUnless } from "../skip.ts";
import { inFolder } from "./edgecap.ts";

const kinds: readonly [string, string | undefined, (folder: string) => Promise<Victim>][] = [
  ["train", undefined, async () => trainVictim()],
  ["export", undefined, exportVictim],
  ["worker of a queue", noRedis, async () => workerVictim(100)],
  ["collector of a queue", noRedis, async () => collectorVictim(200)],
  ["batch", undefined, async () => batchVictim(100)],
  ["watch with captions.json", undefined, async () => watchVictim("json", 60)],
  ["watch with sidecars", undefined, async () => watchVictim("sidecar", 60)],
  ["watch that writes into pictures", undefined, async () => watchVictim("picture", 60)],
];

describe("killed at random moments and started again, nothing is lost, doubled, damaged or left over by", () => {
  for (const [name, missing, victim] of kinds) {
    testUnless(missing, name, () =>
      inFolder(async (folder) => {
        const made = await victim(join(folder, "made"));
        const { kills, wrong } = await killAtRandom(join(folder, "work"), made, { kills: 3, seed: 9 });
        expect(wrong).toEqual([]);
        expect(kills).toBe(3);
      }),
    );
  }
});
