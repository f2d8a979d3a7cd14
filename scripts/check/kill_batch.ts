/**
 * Kills `edgecap batch` repeatedly, and reports whether each picture has exactly one line in the end:
 *
 *     bun scripts/check/kill_batch.ts [--kills 30] [--pictures 2000] [--seed 1]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { killBatch } from "../../test/fixtures/kill_batch.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "30" },
    pictures: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
  },
});
const folder = await mkdtemp(join(tmpdir(), "edgecap-kills-"));
try {
  const options = { kills: Number(values.kills), pictures: Number(values.pictures), seed: Number(values.seed) };
  const { kills, lines, wrong } = await killBatch(folder, options, (now) => console.log(`killed at ${now} lines`));
  console.log(`${kills} kills, ${lines} lines, ${wrong.length} pictures with more or less than one line`);
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
